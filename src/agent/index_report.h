/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of reading documents and data again: each dataset's outcome, and what it cost. Made by
 * comparing what could be asked about before and after.
 */
#ifndef QUERENT_AGENT_INDEX_REPORT_H
#define QUERENT_AGENT_INDEX_REPORT_H

#include "agent/agent.h"
#include "core/strbuf.h"

enum index_change {
    INDEX_FAILED, /* its document or file can't be used; it says where */
    INDEX_ADDED,
    INDEX_CHANGED,
    INDEX_REMOVED,
    INDEX_UNCHANGED,
    INDEX_CHANGES
};
const char *index_change_name(enum index_change change);

struct index_item {
    enum index_change change;
    const char *dataset_id;  /* NULL: a failed one that had none */
    const char *path;        /* of its document or file */
    int line, column;        /* of what failed; 0: no place */
    const char *message;     /* of what failed */
};

/* The first lists come first: what failed, then what changed. Texts are those of the knowledge. */
struct index_report {
    struct index_item *items;
    size_t count;
    size_t counts[INDEX_CHANGES];
    struct catalog_work work;
    size_t embeddings_made;
};

/* In the arena. */
struct index_report index_report_make(const struct knowledge *before, const struct knowledge *after,
                                      struct arena *arena);
/* Whether anything is other than it was. */
bool index_report_has_changes(const struct index_report *report);

#define INDEX_ITEMS_MAX 1000 /* told one by one; all are counted */
/* An object: counts, costs, and `datasets`, one by one. */
void index_report_json(const struct index_report *report, struct strbuf *json);

#endif
