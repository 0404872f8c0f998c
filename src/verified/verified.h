/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified queries: questions with their variants and SQL with typed slots, approved by somebody.
 *
 *     question: How much did we sell in {region} in {time}?
 *     sql:      SELECT sum(revenue) FROM orders WHERE region = {region}
 *               AND order_date >= {time.from} AND order_date < {time.to}
 *     slots:    {region: text, time: period}
 *
 * A question is a hit only when it is equal to one of them, slots aside, and each slot's words are
 * a value of the slot's kind. Two that fit, or one that fits in two ways, are no hit. Nothing here
 * asks a planner or a model, or guesses.
 */
#ifndef QUERENT_VERIFIED_VERIFIED_H
#define QUERENT_VERIFIED_VERIFIED_H

#include <stdatomic.h>

#include "catalog/catalog.h"
#include "core/strbuf.h"
#include "planner/planner.h"
#include "store/verified.h"
#include "verified/words.h"

#define VERIFIED_SLOTS_MAX 8
#define VERIFIED_VARIANTS_MAX 50
#define VERIFIED_QUESTION_MAX 4000 /* bytes of a question or variant */
#define VERIFIED_SPAN_WORDS_MAX 12 /* that may stand for one slot */

enum slot_kind {
    SLOT_TEXT,   /* a stored value of its column */
    SLOT_NUMBER,
    SLOT_DATE,   /* a day */
    SLOT_PERIOD, /* {name.from} and {name.to}, which is exclusive */
    SLOT_KINDS
};
const char *slot_kind_name(enum slot_kind kind); /* "text", ... */

struct verified_slot {
    const char *name;
    enum slot_kind kind;
    const char *column; /* of SLOT_TEXT */
    const char *sample; /* what checks put in, in words as in a question; NULL: one is found */
};

/* What a slot stands for in one question. */
struct verified_value {
    const char *words; /* as asked */
    const char *text;  /* the stored value, the number or the date; NULL of a period */
    struct period period;
};

/* Between two slots of the SQL; the last piece has no slot. */
struct verified_piece {
    struct str text;
    int slot;      /* -1: none follows */
    bool to;       /* of a period: its end */
    bool is_count; /* after LIMIT or OFFSET: a whole number, not negative */
};

/* What this process has found out about one, beyond the schema that it was approved for. */
enum verified_trial { VERIFIED_UNTRIED, VERIFIED_WORKS, VERIFIED_BROKEN };

/* One verified query, taken apart. Immutable but for `trial`. */
struct verified_entry {
    const char *id;
    int64_t revision;
    const char *question, *dataset_id, *sql, *owner;
    const char *date;     /* of its approval, ISO */
    const char *schema;   /* of the data when it was checked; NULL: never */
    bool from_document;   /* of the metadata: nobody can edit it here */
    const char *const *questions; /* question and variants */
    struct verified_words *patterns;
    size_t question_count;
    struct verified_slot *slots;
    size_t slot_count;
    struct verified_piece *pieces;
    size_t piece_count;
    atomic_int trial; /* enum verified_trial */
};

/*
 * Takes a record apart and checks all that can be without data: slots are declared, named once in
 * every variant, and in the SQL, and there are words beside them. ERROR_INVALID with a sentence.
 * Reads JSON and needs a normal stack. All is in the arena.
 */
bool verified_parse(const struct verified_record *record, struct arena *arena,
                    struct verified_entry *out, struct error *err);
/* As the API and the command line tell it; variants and slots are written as they are. */
void verified_record_json(const struct verified_record *record, bool from_document,
                          struct strbuf *out);
/* Back to a record, parked if it is broken; all is in the arena. */
struct verified_record verified_to_record(const struct verified_entry *query, struct arena *arena);
/* The same for a query of a metadata document, number `i` of it. */
bool verified_parse_document(const struct dataset *dataset, size_t i, struct arena *arena,
                             struct verified_entry *out, struct error *err);
/* Do text slots have their columns in the dataset? */
bool verified_check_slots(const struct verified_entry *query, const struct dataset *dataset,
                          struct error *err);
/* The slots as JSON, as verified_parse() reads them. */
void verified_slots_json(const struct verified_slot *slots, size_t count, struct strbuf *out);

/* The statement for these values, one for each slot: every value written and quoted by the SQL
 * printer, none pasted. */
bool verified_fill(const struct verified_entry *query, const struct verified_value *values,
                   const struct dataset *dataset, enum sql_dialect dialect, struct arena *arena,
                   const char **sql, struct error *err);
/* The question with those words in the place of its slots. */
const char *verified_fill_question(const struct verified_entry *query,
                                   const struct verified_value *values, struct arena *arena);

/* A dataset as matching needs it. */
struct verified_place {
    const struct dataset *dataset;
    const struct dataset_index *index;
    struct period_calendar calendar;
};

/* The words as a value of the slot's kind: the whole of them, read in one way. Needs a normal
 * stack. */
bool verified_read_value(const struct verified_slot *slot, struct str words,
                         const struct planner *planner, const struct verified_place *place,
                         struct arena *arena, struct verified_value *out);

/* Values to try the statement with: each slot's sample, else some value of its kind. */
bool verified_samples(const struct verified_entry *query, const struct planner *planner,
                      const struct verified_place *place, struct arena *arena,
                      struct verified_value **values, struct error *err);

/* What a statement of `own` depends on in the datasets that it reads: where `own` is from, and
 * names and types of all. Another text means that it must be checked again. */
const char *verified_schema(const struct dataset *own, const struct dataset *const *datasets,
                            size_t count, struct arena *arena);
/* Is the schema one of this very dataset, whatever its columns are now? Others may have its id:
 * another file of the same name, asked about from the same store. */
bool verified_schema_is_of(const char *schema, const struct dataset *dataset);

/* ------------------------------------------------------------------ all of them */

/* All that may answer, at one moment. Immutable but for what is known of each, counted; any thread
 * may use it. */
struct verified_set {
    struct arena *arena;
    int64_t version; /* the store's */
    char catalog_version[65];
    struct verified_entry *queries;
    size_t query_count;
    struct verified_index *index;
    struct problem_list problems; /* of documents' queries that can't be used */
    atomic_int references;
};

/* Those of the records and of the catalog's documents. What can't be parsed is left out: records
 * were checked, documents' are in `problems`. Needs a normal stack. */
struct verified_set *verified_set_new(const struct verified_record *records, size_t count,
                                      int64_t version, const struct catalog *catalog);
struct verified_set *verified_set_ref(struct verified_set *set);
void verified_set_unref(struct verified_set *set); /* NULL is allowed */
/* The one with that id; NULL: none. */
struct verified_entry *verified_set_find(const struct verified_set *set, const char *id);
/* Another one that could be meant by one of `query`'s questions, or NULL. */
const struct verified_entry *verified_set_rival(const struct verified_set *set,
                                                const struct verified_entry *query);

struct verified_request {
    struct str question;
    const struct planner *planner;
    /* NULL dataset: there is none of that id, or the asker may not ask about it. */
    struct verified_place (*place)(void *context, const char *dataset_id);
    void *context;
};

struct verified_match {
    struct verified_entry *query; /* NULL: no hit */
    struct verified_value *values;
    struct verified_place place;
};

/* Could the question be a hit? A few microseconds, next to none where the set is empty. */
bool verified_set_may_match(const struct verified_set *set, struct str question,
                            struct arena *arena);
/* The one query that the question is equal to, with its values. Needs a normal stack. */
void verified_set_match(const struct verified_set *set, const struct verified_request *request,
                        struct arena *arena, struct verified_match *out);

#endif
