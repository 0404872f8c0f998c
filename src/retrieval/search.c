/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching: every dataset gets its keyword score (BM25 and stored values, one sum) and its cosine,
 * both are fused, the best few are kept and explained. Scores of a search live in two arrays with
 * one number a dataset; only datasets that share a word with the question are touched for the
 * first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "retrieval/retrieval_priv.h"

/* score = KEYWORD_SHARE * keyword / best keyword + (1 - KEYWORD_SHARE) * cosine; fitted on the
 * public sets, where it is flat from a third to a half. */
#define KEYWORD_SHARE 0.35

/* What a server's differences are multiplied by, at least and at most. */
#define SCALE_MIN 0.25
#define SCALE_MAX 8.0

struct scores {
    float *keyword;
    float *cosine;  /* by the own embedder */
    float *meaning; /* what is ranked by: the server's on the own one's scale, or the same */
    unsigned char *allowed; /* NULL: all are */
    double keyword_max;     /* over those allowed */
};

static void scores_clear(struct scores *scores)
{
    if (scores->meaning != scores->cosine)
        free(scores->meaning);
    free(scores->keyword);
    free(scores->cosine);
    free(scores->allowed);
}

/* The first entry with that hash, or the end. */
static size_t find_id(const struct retrieval_index *index, uint64_t hash)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->by_id[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static unsigned char *allowed_datasets(const struct retrieval_index *index,
                                       const struct retrieval_request *request)
{
    if (!request->dataset_filter || request->dataset_filter_count == 0)
        return NULL;
    unsigned char *allowed = xcalloc(index->count + 1, 1);
    for (size_t i = 0; i < request->dataset_filter_count; i++) {
        const char *id = request->dataset_filter[i];
        uint64_t hash = hash64_str(str_from(id), index->seed);
        for (size_t at = find_id(index, hash); at < index->count && index->by_id[at].hash == hash;
             at++) {
            uint32_t document = index->by_id[at].document;
            if (strcmp(index->datasets[document].id, id) == 0)
                allowed[document] = 1;
        }
    }
    return allowed;
}

static bool score_vectors(const struct retrieval_index *index, struct str question, float *cosines,
                          struct error *err)
{
    float *vector = xcalloc(embedder_dimensions(index->embedder), sizeof(*vector));
    bool ok = embedder_embed(index->embedder, &question, 1, vector, err);
    if (ok)
        vector_set_scan(index->vectors, vector, cosines);
    free(vector);
    return ok;
}

static double mean_of(const float *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)numbers[i];
    return count > 0 ? sum / (double)count : 0;
}

/*
 * A model's cosines may all lie between 0.7 and 0.85, another's between 0 and 1; what works with scores
 * was fitted to the own embedder's. So the server's are moved and stretched, which keeps their order: their
 * mean over the datasets comes to that of the own ones, and differences grow as the datasets lie closer
 * together by the server's vectors than by the own. That is known of two datasets already, and is the same
 * for all questions: one that fits every dataset alike is not made to fit one of them best.
 */
static void score_server(const struct retrieval_index *index, struct vector_set *server,
                         const float *question, struct scores *scores)
{
    size_t count = index->count;
    scores->meaning = xcalloc(count + 1, sizeof(float));
    vector_set_scan(server, question, scores->meaning);
    double own = vector_set_spread(index->vectors), others = vector_set_spread(server);
    double scale = own < SCALE_MIN * others    ? SCALE_MIN
                   : own >= SCALE_MAX * others ? SCALE_MAX
                                               : own / others;
    double from = mean_of(scores->meaning, count), to = mean_of(scores->cosine, count);
    for (size_t i = 0; i < count; i++)
        scores->meaning[i] = (float)(to + ((double)scores->meaning[i] - from) * scale);
}

static bool is_allowed(const struct scores *scores, size_t document)
{
    return !scores->allowed || scores->allowed[document];
}

static void find_keyword_max(const struct retrieval_index *index, struct scores *scores)
{
    float best = 0;
    for (size_t i = 0; i < index->count; i++)
        if (scores->keyword[i] > best && is_allowed(scores, i))
            best = scores->keyword[i];
    scores->keyword_max = best;
}

static double keyword_part(const struct scores *scores, size_t document)
{
    return scores->keyword_max > 0 ? scores->keyword[document] / scores->keyword_max : 0;
}

static double fused(const struct scores *scores, size_t document)
{
    return KEYWORD_SHARE * keyword_part(scores, document) +
           (1 - KEYWORD_SHARE) * (double)scores->meaning[document];
}

struct candidate {
    double score;
    uint32_t document;
};

/* Keeps the best `max` in order; equal scores stay in the order of the datasets. */
static size_t best_candidates(const struct retrieval_index *index, const struct scores *scores,
                              struct candidate *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < index->count; i++) {
        if (!is_allowed(scores, i))
            continue;
        double score = fused(scores, i);
        if (count == max && score <= out[count - 1].score)
            continue;
        size_t at = count < max ? count++ : count - 1;
        for (; at > 0 && out[at - 1].score < score; at--)
            out[at] = out[at - 1];
        out[at] = (struct candidate){score, (uint32_t)i};
    }
    return count;
}

static double clamp(double number)
{
    return number < 0 ? 0 : number > 1 ? 1 : number;
}

static void fill_result(const struct retrieval_index *index, const struct question_parts *question,
                        const struct scores *scores, const struct candidate *best, size_t count,
                        struct arena *arena, struct retrieval_result *out)
{
    struct retrieval_hit *hits = arena_array(arena, count, sizeof(*hits));
    for (size_t i = 0; i < count; i++) {
        uint32_t document = best[i].document;
        double cosine = scores->cosine[document];
        hits[i] = (struct retrieval_hit){
            .dataset = &index->datasets[document],
            .score = clamp(best[i].score),
            .keyword = clamp(keyword_part(scores, document)),
            .vector = clamp(scores->meaning[document]),
            .reason = reason_text(index, question, document, cosine, arena),
        };
    }
    *out = (struct retrieval_result){.hits = hits, .hit_count = count};
    if (count == 0)
        return;
    double share = reason_share(index, question, best[0].document);
    out->margin = count > 1 ? clamp(hits[0].score - hits[1].score) : 1;
    /* The own embedder's cosines are what the bounds were fitted to; other models' have other scales. */
    double near = clamp(scores->cosine[best[0].document]);
    out->best_possible = clamp(1 - (1 - share) * (1 - near));
}

static struct question_parts read_question(const struct retrieval_index *index, struct str text,
                                           struct arena *arena)
{
    struct term_reader *reader = term_reader_new();
    struct question_parts parts = {
        .names = question_read(arena, reader, text, TERM_SPLIT_IDENTIFIERS, index->seed),
        .values = question_read(arena, reader, text, TERM_PLAIN, index->seed),
    };
    for (size_t i = 0; i < parts.values.count; i++)
        parts.values.terms[i].is_name = keyword_knows(index->keywords, parts.values.terms[i].key);
    term_reader_free(reader);
    return parts;
}

static void rank(const struct retrieval_index *index, const struct retrieval_request *request,
                 struct str text, struct scores *scores, struct arena *arena,
                 struct retrieval_result *out)
{
    struct question_parts question = read_question(index, text, arena);
    keyword_score(index->keywords, &question.names, scores->keyword);
    value_score(index->values, &question.values, scores->keyword);
    find_keyword_max(index, scores);
    size_t max = request->hit_max > 0 ? request->hit_max : RETRIEVAL_HITS_DEFAULT;
    /* One more than asked for, so that the margin of a single hit is known. */
    size_t wanted = max < 2 ? 2 : max > RETRIEVAL_HITS_MAX ? RETRIEVAL_HITS_MAX : max;
    struct candidate *best = xcalloc(wanted, sizeof(*best));
    size_t count = best_candidates(index, scores, best, wanted);
    fill_result(index, &question, scores, best, count, arena, out);
    if (out->hit_count > max)
        out->hit_count = max;
    free(best);
}

bool retrieval_search(const struct retrieval_index *index, const struct retrieval_request *request,
                      struct arena *arena, struct retrieval_result *out, struct error *err)
{
    struct str text = str_cut_utf8(request->question, RETRIEVAL_QUESTION_SIZE_MAX);
    struct scores scores = {
        .keyword = xcalloc(index->count + 1, sizeof(float)),
        .cosine = xcalloc(index->count + 1, sizeof(float)),
        .allowed = allowed_datasets(index, request),
    };
    bool ok = score_vectors(index, text, scores.cosine, err);
    scores.meaning = scores.cosine;
    struct vector_set *server = request->vector ? atomic_load(&index->server.set) : NULL;
    if (ok && server)
        score_server(index, server, request->vector, &scores);
    if (ok)
        rank(index, request, text, &scores, arena, out);
    else
        error_wrap(err, "retrieval");
    scores_clear(&scores);
    return ok;
}
