/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/meaning.h"

#include "planner/read/dataset_index.h"

#define VECTOR_MAX 512

static bool find_vector(const struct dataset_index *index, const char *word, float *vector)
{
    return index && index->table && word_table_dimensions(index->table) <= VECTOR_MAX &&
           word_table_vector(index->table, str_from(word), vector);
}

static double nearest(const struct dataset_index *index, const float *vector, const float *others,
                      size_t count)
{
    double best = 0;
    size_t width = word_table_dimensions(index->table);
    for (size_t i = 0; others && i < count; i++) {
        double cosine = word_table_cosine(index->table, vector, others + i * width);
        best = cosine > best ? cosine : best;
    }
    return best;
}

double meaning_near_names(const struct dataset_index *index, const char *word)
{
    float vector[VECTOR_MAX];
    if (!find_vector(index, word, vector))
        return 0;
    double columns = nearest(index, vector, index->vectors, index->word_count);
    double table = nearest(index, vector, index->table_vectors, index->table_word_count);
    return columns > table ? columns : table;
}

double meaning_near_values(const struct dataset_index *index, size_t column, const char *word)
{
    float vector[VECTOR_MAX];
    if (!find_vector(index, word, vector) || column >= index->column_count)
        return 0;
    return nearest(index, vector, index->columns[column].value_vectors,
                   index->dataset->columns[column].profile.value_count);
}
