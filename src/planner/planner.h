/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in planner: a question becomes a query with no language model.
 *
 * tokens -> links to columns, stored values, cue words and periods -> local models on the
 * delexicalised question -> candidate queries -> ranked by learned weights -> the best few are
 * executed by the caller -> decision: answer, ask back, or say that it can't be answered.
 *
 *     struct plan *plan = planner_read(planner, &request, arena, err);     (CPU only: offload it)
 *     while (!plan_is_settled(plan, threshold) && (i = plan_next(plan, threshold)) != SIZE_MAX)
 *         ... firewall, engine ..., plan_observe(plan, i, rows or NULL);
 *     plan_decide(plan, threshold, arena, &decision);
 *
 * The planner knows nothing of engines, runs or files other than its weights. One planner serves
 * all threads: it is read-only after planner_open().
 */
#ifndef QUERENT_PLANNER_PLANNER_H
#define QUERENT_PLANNER_PLANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "engine/engine.h"
#include "engine/rows.h"
#include "planner/query.h"
#include "planner/read/period.h"

struct planner;

/* Maps the weights file (NULL: the installed one). `embedding_path` names the word table of
 * embed/builtin (NULL: the installed one). Refuses a file of another version. */
struct planner *planner_open(const char *weights_path, const char *embedding_path,
                             struct error *err);
void planner_close(struct planner *planner); /* NULL is allowed */
/* Changes with the weights and the grammar; part of cache keys. */
const char *planner_version(const struct planner *planner);
/* Names the table of word vectors; part of cache keys, too. */
const char *planner_words_id(const struct planner *planner);

/* What the planner keeps per dataset (value index, word links), made once per dataset version and
 * shared. Owned by the caller (the catalog). */
struct dataset_index;
struct dataset_index *dataset_index_new(const struct planner *planner,
                                        const struct dataset *dataset);
void dataset_index_free(struct dataset_index *index); /* NULL is allowed */

struct ask_memo;

struct plan_dataset {
    const struct dataset *dataset;
    const struct dataset_index *index;
    double score; /* of retrieval, 0..1; 1 when pinned by the caller */
    const struct period_calendar *calendar; /* its own; NULL: the request's */
};

struct plan_request {
    struct str question;
    const struct plan_dataset *datasets; /* candidates, best first */
    size_t dataset_count;
    /* All other datasets that joins may reach; may be NULL. */
    const struct plan_dataset *joinable;
    size_t joinable_count;
    const struct query *previous; /* of the conversation, for follow-ups; NULL */
    struct str previous_question; /* empty when none */
    bool previous_lost; /* there was an answer before, but with no tree that could be changed */
    struct period_calendar calendar; /* of the first dataset */
    enum sql_dialect dialect;
    struct ask_memo *asks; /* the planner's own: what rules have read of the question; NULL */
    bool explain; /* say why: a third of the work for a simple question */
};

struct plan_candidate {
    const struct query *query;
    const char *sql;
    const struct dataset *dataset; /* the main one */
    double score;
    const char *reading; /* plain English: "total revenue by region, last month" */
    const struct period *periods; /* those that it uses */
    size_t period_count;
    const char *const *assumptions; /* sentences to state in the answer */
    size_t assumption_count;
    /* Where the request asks to explain: named features with their weights, strongest first; and the
     * plan's own. Of learned readings NULL where it doesn't. */
    const char *explanation;
};

/* Questions about the data itself, answered from its metadata with no statement. */
enum plan_meta_kind {
    PLAN_META_NONE,
    PLAN_META_COLUMNS,  /* "what columns are there?" */
    PLAN_META_ABOUT,    /* "what is this data about?" */
    PLAN_META_DATASETS, /* "what can I ask about?" */
    PLAN_META_KINDS
};

struct plan_meta_answer {
    enum plan_meta_kind kind;
    const struct dataset *dataset; /* NULL for PLAN_META_DATASETS */
    const char *sentence;          /* the whole answer as prose */
};

struct plan {
    struct plan_meta_answer meta; /* kind other than NONE: the answer, and no candidates */
    struct plan_candidate *candidates; /* best first, distinct */
    size_t candidate_count;
    size_t execute_max;      /* how many are worth executing */
    bool follow_up;          /* read as a change to the previous query */
    const char *const *unknown; /* words of the question that nothing explains */
    size_t unknown_count;
    const char *no_answer;   /* a sentence when the question is plainly not about data; else NULL */
};

/* NULL only for wrong input (ERROR_INVALID). A plan may have no candidate. CPU only, milliseconds,
 * needs a normal stack. */
struct plan *planner_read(const struct planner *planner, const struct plan_request *request,
                          struct arena *arena, struct error *err);

/* Whether the rules read every word of the question, as likely right as `chance` at least, so that
 * planner_read() would find something to execute: a tenth of its work. CPU only. */
bool planner_reads_by_rules(const struct plan_request *request, double chance,
                            struct arena *arena);

/* Words of a question that are a column's name, or a stored value of it. */
struct plan_link {
    const struct dataset *dataset;
    const struct column *column;
    const char *words; /* of the question */
    const char *value; /* as it is stored; NULL: the words name the column */
    size_t begin, end; /* the words' place among the question's tokens */
    double score;      /* how well they fit, 0..1 */
};

/* Those of the candidates and of what can be joined, in the order of the question; few for the same words.
 * CPU only. */
size_t planner_find_links(const struct planner *planner, const struct plan_request *request,
                          struct arena *arena, struct plan_link **out);
/* The answer to a question about the data itself, from the metadata; kind PLAN_META_NONE: it is none. CPU
 * only. */
struct plan_meta_answer planner_read_meta(const struct plan_request *request, struct arena *arena);

/* Tells what executing candidate `i` gave: its rows, or NULL when it failed. Those that differ from
 * it in the order of their rows only are known then, too. */
void plan_observe(struct plan *plan, size_t i, const struct rows *rows);

/* Tells that executing candidate `i` took more than it may: nothing is known of its rows, and nothing
 * speaks against it as a reading. Where it is the answer, none is. */
void plan_observe_too_large(struct plan *plan, size_t i);

/* The candidate to execute next, of the first `execute_max`; SIZE_MAX when all are known. Of those
 * that differ in their order only, the one that would be told. `threshold` as for plan_decide(). */
size_t plan_next(struct plan *plan, double threshold);

/* Whether another's rows told what the candidate gives, and its own statement was not executed. */
bool plan_is_foreseen(const struct plan *plan, size_t i);
/* Whether its own statement was executed, with whatever outcome. */
bool plan_is_executed(const struct plan *plan, size_t i);

/* Whether executing more candidates can't change what will be decided: a reading by rules, of what
 * the learned ones can't express, is all but sure and has rows; or the decision is the same whatever
 * the others give. `threshold` as for plan_decide(). */
bool plan_is_settled(struct plan *plan, double threshold);

enum plan_outcome { PLAN_ANSWER, PLAN_ASK, PLAN_NO_ANSWER, PLAN_OUTCOMES };

struct plan_decision {
    enum plan_outcome outcome;
    size_t winner;       /* candidate, for PLAN_ANSWER */
    double sureness;     /* calibrated probability that the winner is right, 0..1 */
    size_t readings[2];  /* PLAN_ASK: the two best with different results */
    size_t reading_count;
    /* The winner's, and the facts that the sureness comes from; NULL where the request asks for none. */
    const char *explanation;
    const char *sentence; /* PLAN_ASK: the question back; PLAN_NO_ANSWER: why, and what there is */
};

/* `threshold`: sureness below which it asks back (QUERENT_SURENESS). */
void plan_decide(struct plan *plan, double threshold, struct arena *arena,
                 struct plan_decision *out);

#endif
