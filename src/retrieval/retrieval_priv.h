/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by index.c (building), search.c and reason.c. */
#ifndef QUERENT_RETRIEVAL_RETRIEVAL_PRIV_H
#define QUERENT_RETRIEVAL_RETRIEVAL_PRIV_H

#include <stdatomic.h>
#include <stdint.h>

#include "retrieval/keyword.h"
#include "retrieval/question.h"
#include "retrieval/retrieval.h"
#include "retrieval/values.h"
#include "retrieval/vector.h"

/* An id's hash and its dataset, sorted by hash. */
struct dataset_key {
    uint64_t hash;
    uint32_t document;
};

struct retrieval_index {
    const struct dataset *datasets; /* number in this array = document number */
    size_t count;
    struct embedder *embedder;
    char *vector_model; /* names the model and how a dataset's vector is made with it */
    uint64_t seed;      /* of all term keys */
    struct keyword_index *keywords;
    struct value_index *values;
    struct vector_set *vectors;
    struct dataset_key *by_id;
    struct server_vectors {
        struct vector_set *filling; /* until all are there; of who makes them */
        bool *has;                  /* of each dataset */
        atomic_bool busy;           /* somebody makes them */
        unsigned round;             /* which time they are made */
        unsigned *failed;           /* of each dataset: the round in which it last failed alone, or 0 */
        size_t batch_max;           /* datasets; few while calls fail */
        atomic_size_t missing, made;
        _Atomic(struct vector_set *) set; /* NULL: not in place */
    } server;
};

/* A question as the parts of the index read it. */
struct question_parts {
    struct question names;  /* identifiers split: for the keyword rank */
    struct question values; /* as it stands: for stored values */
};

/* What of the question one dataset holds, in words: "matches region, revenue; value 'North' in
 * region". In the arena. */
const char *reason_text(const struct retrieval_index *index, const struct question_parts *question,
                        uint32_t document, double cosine, struct arena *arena);
/* Share of the question's words that the dataset's names or values hold, 0..1; 1 when there are
 * none that could be. */
double reason_share(const struct retrieval_index *index, const struct question_parts *question,
                    uint32_t document);

#endif
