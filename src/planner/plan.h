/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan keeps beside what planner.h shows: for the files of planner/ and the trainer. */
#ifndef QUERENT_PLANNER_PLAN_H
#define QUERENT_PLANNER_PLAN_H

#include "core/arena_pool.h"
#include "planner/planner.h"
#include "planner/rank/rank.h"
#include "planner/rules/missing_value.h"

#define PLAN_LEARNED_MAX 12
#define PLAN_CANDIDATES_MAX 32 /* those and the readings by rules */
#define PLAN_EXECUTE_MAX 8
#define PLAN_READ_MAX 4 /* tables that the learned readings look at */

struct planner {
    struct weights *weights;
    struct lexicon *lexicon;
    struct word_table *words; /* NULL: likeness of meaning is off */
    struct sketch_table sketches;
    struct rankers rankers;
    struct arena_pool *scratch; /* what a reading makes on its way and no plan keeps */
    char version[64];
};

/* What deciding looks at of the ranker's many features, where the learned readings hold the
 * candidate. */
struct learned_facts {
    float sureness[SURENESS_FEATURE_COUNT]; /* those that the words tell; the others are 0 */
    bool overlooks_value;                   /* one that is stored */
};

#define PLAN_COLUMNS_COMPARED 4

/* One candidate's part of a plan, in the order of plan.candidates. */
struct plan_item {
    double rank;        /* the ranker's score */
    double probability; /* share among all candidates of the plan */
    double prior;       /* of business readings: their own guess; else below 0 */
    const struct learned_facts *learned; /* NULL for business readings */
    bool observed;
    bool executed;     /* else, where it is observed, another's rows told what it gives */
    uint64_t result;   /* hash of the rows, in any order */
    uint64_t rows_key; /* of the query without its order; 0: not asked for yet (alike.c) */
    size_t row_count, column_count; /* where observed and not failed */
    float facts[RESULT_FEATURE_COUNT];
    bool scored;  /* `score` is known: it goes with what was observed of all candidates */
    double score; /* of a learned reading, by what executing gave */
    const char *const *unread; /* words that it does not explain */
    size_t unread_count;
    bool beyond_sketches; /* by rules, and not in the grammar of the learned readings */
    bool repeats;     /* it ranks names and gives one more than once */
    bool bare_amounts; /* many amounts in a list, with nothing that says whose they are */
    bool misses_time; /* the question speaks of a time that it takes no notice of */
    bool follow_up;
    bool in_its_words; /* the question is this reading, word for word: an option was chosen */
    const char *unheard; /* a word that changes the meaning and that it takes no notice of; NULL */
    uint64_t columns[PLAN_COLUMNS_COMPARED]; /* where observed: hashes of each column, in any order */
    uint8_t compared_count;                  /* of them; 0: there are more, or nobody knows */
    uint8_t keys_shown;  /* beside names that several have (rules/namesakes.h) */
};

/* What the words of the question are found in, table by table. */
struct plan_words {
    const struct dataset *datasets[PLAN_READ_MAX]; /* that were read */
    size_t dataset_count;
    uint8_t near;    /* bits of those that retrieval holds for about as likely as the best */
    uint8_t *linked; /* of each telling word: a bit for each dataset that it is linked to */
    uint8_t *named;  /* the same where it names the table */
    size_t count;
    uint64_t cues; /* bits of enum cue */
    bool pronoun;
    bool refers_back; /* a pronoun that must mean something said before */
};

struct plan_state {
    struct plan plan; /* first, so that a plan is its state */
    const struct planner *planner;
    struct arena *arena;
    struct plan_item *items;
    float word_count, unknown_share, linked_share;
    bool explain;
    bool terse; /* "revenue by region": no sentence, which the weights never saw in training */
    const struct dataset *dataset; /* the likeliest */
    struct plan_words words;
    bool later_turn; /* there is a previous query */
    float lean;      /* how clearly the words lean on it (follow_up.h) */
    const char *unknown_subject; /* what it counts and nothing in the data is called; NULL */
    struct missing_value missing;     /* no word: every one that looks like a value is one */
};

/* Where the plan has that statement, or its candidate_count. */
size_t plan_find_statement(const struct plan *plan, const char *sql);

/* Takes what is needed later from what ranked a learned reading. */
void plan_learned_facts(const struct ranking_features *ranking, struct learned_facts *out);

/* The chance that candidate `i` is right, from what is known by now. */
double plan_chance(const struct plan_state *state, size_t i);

/* Whether nothing that the candidates not executed yet could give would change the decision. */
bool plan_decision_is_settled(struct plan_state *state, double threshold);

/* The best learned candidate, SIZE_MAX when there is none. */
size_t plan_best_learned(const struct plan_state *state);

/* The features of the sureness for a learned winner; they are best after all observations. */
void plan_sureness_features(const struct plan_state *state, size_t winner,
                            float out[SURENESS_FEATURE_COUNT]);

static inline bool plan_has_failed(const struct plan_item *item)
{
    return item->observed && item->facts[RESULT_failed] != 0;
}

/* Are they known to give the same rows? */
static inline bool plan_same_rows(const struct plan_item *a, const struct plan_item *b)
{
    return a == b || (a->observed && b->observed && a->result == b->result &&
                      !plan_has_failed(a) && !plan_has_failed(b));
}

/* A learned reading's own chance: calibrated, and little when it overlooks a time that was said. */
double plan_learned_chance(const struct plan_state *state, size_t i);

#endif
