/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What language models are told: the files of prompts/, inside the program. A file is plain text with
 * {{name}} where a value goes. A part of it whose values are all empty is left out with its headings: parts
 * begin at a line with "# ", and in a part, paragraphs are told apart by blank lines.
 */
#ifndef QUERENT_PROMPT_PROMPT_H
#define QUERENT_PROMPT_PROMPT_H

#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "engine/engine.h"

enum prompt {
    PROMPT_DECIDE_SYSTEM, /* prompts/decide.system.md: how to choose a dataset and write SQL */
    PROMPT_DECIDE_BRIEF,  /* the same for small models: the statement alone */
    PROMPT_DECIDE_CONTEXT, /* the candidates' metadata */
    PROMPT_DECIDE_QUESTION, /* the question with what was found for it */
    PROMPT_REPAIR,        /* a statement failed: why, and what there is */
    PROMPT_REPAIR_BRIEF,  /* the same for small models */
    PROMPT_ANSWER_SYSTEM, /* how to say what the rows say */
    PROMPT_ANSWER_QUESTION, /* question, rows, facts */
    PROMPT_DIALECT_DUCKDB,  /* how its SQL differs from others' */
    PROMPT_DIALECT_SQLITE,
    PROMPT_DIALECT_POSTGRESQL,
    PROMPT_DIALECT_TRINO,
    PROMPT_DIALECT_DOMO,
    PROMPTS
};

struct prompt_value {
    const char *name;
    struct str text; /* put in as it is: whoever makes it has bounded and quoted it */
};

#define PROMPT_VALUES_MAX 8 /* of one prompt */
#define PROMPT_SIZE_MAX (8 * 1024 * 1024)

/* In the arena. A name that the file does not have, or lacks, is a fault of the program. */
struct str prompt_render(enum prompt prompt, const struct prompt_value *values, size_t count,
                         struct arena *arena);
/* The card of an engine's SQL. */
struct str prompt_dialect_card(enum sql_dialect dialect);
/* The file's name without its ending, "decide.system"; its text; and the names that it takes, ended by NULL. */
const char *prompt_name(enum prompt prompt);
struct str prompt_text(enum prompt prompt);
const char *const *prompt_value_names(enum prompt prompt);
/* Changes with the text of any of them; part of cache keys. 16 hex digits. */
const char *prompt_version(void);

#endif
