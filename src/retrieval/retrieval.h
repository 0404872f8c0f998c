/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retrieval: which datasets a question is about. Keyword rank (BM25 over title, description,
 * columns, synonyms, plus stored values) and vector rank, fused by a weighted sum of scores.
 *
 * An index is built once for a set of datasets, is read-only afterwards (but for the vectors of a
 * server, which are put in place once) and may be searched by many threads.
 */
#ifndef QUERENT_RETRIEVAL_RETRIEVAL_H
#define QUERENT_RETRIEVAL_RETRIEVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "embed/embed.h"
#include "metadata/dataset.h"

struct retrieval_index;

/* Vectors made earlier, so that unchanged metadata costs no embedding call: both may be NULL.
 * load() fills `vector` and returns true when it has one for that dataset version and model. The
 * model id is the embedder's with the way a dataset's vector is made. */
struct vector_cache {
    void *context;
    bool (*load)(void *context, const struct dataset *dataset, const char *model_id, float *vector,
                 size_t dimensions);
    void (*save)(void *context, const struct dataset *dataset, const char *model_id,
                 const float *vector, size_t dimensions);
};

/* The datasets and the embedder are borrowed and must outlive the index. The caller frees it. */
TASK_WAITS struct retrieval_index *retrieval_index_new(const struct dataset *datasets, size_t count,
                                                       struct embedder *embedder,
                                                       const struct vector_cache *cache,
                                                       struct error *err);
void retrieval_index_free(struct retrieval_index *index); /* NULL is allowed */

/*
 * Vectors by a server, beside those of the index's own embedder. They are made one after the other and
 * kept by `cache` as they come; only when each dataset has one are they put in place, all at once, for
 * searches that bring the question's vector by the same model: cosines of two models are never mixed.
 */
struct server_vector_cache {
    void *context;
    /* As those of a vector_cache; the version is that of the text that the vector is made of, so that
     * changed data of unchanged metadata costs no call either. */
    bool (*load)(void *context, const struct dataset *dataset, const char *version,
                 const char *model_id, float *vector, size_t dimensions);
    void (*save)(void *context, const struct dataset *dataset, const char *version,
                 const char *model_id, const float *vector, size_t dimensions);
};
struct server_vectors_request {
    struct embedder *embedder; /* the same at each call for an index; borrowed for its life */
    const struct server_vector_cache *cache;
    bool load_only; /* take what the cache has, and call nobody */
    void (*progress)(void *context, size_t done, size_t total); /* NULL: nobody looks */
    void *progress_context;
    struct embed_usage *usage; /* added to, also when it fails */
};
/* By one task at a time: while another is at it, ERROR_CONFLICT. A failure keeps what was made: the next
 * call goes on from there. From any thread. */
TASK_WAITS bool retrieval_make_server_vectors(struct retrieval_index *index,
                                              const struct server_vectors_request *request,
                                              struct error *err);
/* Datasets that have none yet: 0 when they are in place. From any thread. */
size_t retrieval_server_vectors_missing(const struct retrieval_index *index);
/* How many retrieval_make_server_vectors() has had made. */
size_t retrieval_server_vectors_made(const struct retrieval_index *index);
size_t retrieval_dataset_count(const struct retrieval_index *index);
/* Bytes held, for metrics. */
size_t retrieval_index_size(const struct retrieval_index *index);

#define RETRIEVAL_HITS_DEFAULT 3
#define RETRIEVAL_HITS_MAX 1000
/* Of questions put to the wrong database 54 % are below it, of those put to the right one 0.4 %,
 * and 6 % where they use other words than the schema. At 0.5: 85 %, 0.4 % and 20 %. */
#define RETRIEVAL_EXPLAINED_MIN 0.3
#define RETRIEVAL_DATASETS_MAX 10000000
#define RETRIEVAL_QUESTION_SIZE_MAX (64 * 1024) /* bytes that are read of a question */

struct retrieval_hit {
    const struct dataset *dataset;
    double score;   /* fused, 0..1 */
    double keyword; /* parts, each 0..1 */
    double vector;
    const char *reason; /* "matches region, revenue; value 'North'" in the arena */
};

struct retrieval_request {
    struct str question;
    const char *const *dataset_filter; /* only these ids, unknown ones are ignored; NULL: all */
    size_t dataset_filter_count;       /* 0: all */
    size_t hit_max;                    /* 3 when 0; at most RETRIEVAL_HITS_MAX */
    /* The question's by the server whose vectors are in place; NULL: the own embedder alone. */
    const float *vector;
};

struct retrieval_result {
    struct retrieval_hit *hits; /* best first */
    size_t hit_count;
    double margin; /* how far the best is ahead of the second, 0..1; 1 when alone */
    /* How much of the question the best explains, 0..1: the share of its words (but for those that
     * only say what is asked for, "total", "last month") that are among the names or values, and
     * for the rest how near it is in meaning. 1 for a question that names nothing at all. Below
     * RETRIEVAL_EXPLAINED_MIN the question hardly fits any dataset. */
    double best_possible;
};

/* Hits are all of the datasets, best first, up to hit_max, however little they fit: the scores say
 * so. Equal scores keep the order of the datasets. */
TASK_WAITS bool retrieval_search(const struct retrieval_index *index,
                                 const struct retrieval_request *request, struct arena *arena,
                                 struct retrieval_result *out, struct error *err);

#endif
