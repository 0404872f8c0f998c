/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request's body and parameters, and a reply, may look like: one declaration, from which
 * come validation (here) and the OpenAPI document (api/openapi.h). The bodies of errors and the
 * coercions are those of FastAPI with pydantic 2, which clients rely on.
 */
#ifndef QUERENT_API_SCHEMA_H
#define QUERENT_API_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "core/strbuf.h"

enum field_kind {
    FIELD_STRING,
    FIELD_INTEGER,
    FIELD_NUMBER,
    FIELD_BOOLEAN,
    FIELD_LIST,   /* of `item` */
    FIELD_MODEL,  /* an object of `model` */
    FIELD_OBJECT, /* any object */
    FIELD_TEXTS,  /* an object whose values are texts (Dict[str, str]) */
    FIELD_ANY,
};

struct model;

struct field {
    const char *name;
    enum field_kind kind;
    bool required;
    bool nullable;                 /* null is a value */
    const char *fallback;          /* default as JSON; NULL: null, or a model's own defaults */
    enum field_kind item;          /* of a list */
    const struct model *model;     /* of a model, or of a list of models */
    size_t length_min, length_max; /* of a text in characters, of a list in items; 0: no limit */
    bool bounded;
    int64_t minimum, maximum; /* of numbers, when bounded; INT64_MIN and INT64_MAX: no limit */
    /* A text that is one of these, ended by NULL (pydantic's Literal); NULL: any. */
    const char *const *choices;
    /* For the document alone, the handler checks them: of a text, or of the names of FIELD_TEXTS;
     * and JSON Schema's "date-time" and the like. */
    const char *pattern, *format;
    const char *description;
    const char *example; /* JSON */
};

struct model {
    const char *name; /* of the component in OpenAPI */
    const char *description;
    const struct field *fields;
    size_t field_count;
    const char *example; /* JSON of a whole one; NULL: made of the fields' */
};

/* A model of all rows of an array. */
#define MODEL(variable, component, rows, text)          \
    const struct model variable = {.name = component,   \
                                   .description = text, \
                                   .fields = rows,      \
                                   .field_count = sizeof(rows) / sizeof((rows)[0])}

/* Where a value was found: "body", "query", "path", "header"; then names and indexes follow. */
struct schema_errors {
    struct strbuf detail; /* the items of {"detail":[...]}, separated by commas */
    size_t count;
};
#define SCHEMA_ERRORS_MAX 100  /* reported for one request */
#define SCHEMA_INPUT_MAX 16384 /* bytes of JSON of a wrong input; a longer one is not repeated */

/* Starts an empty list; schema_errors_clear() frees it. */
struct schema_errors schema_errors_init(void);
void schema_errors_clear(struct schema_errors *errors);

/*
 * The body of a request as a new object that has every field of the model, coerced and with
 * defaults, unknown keys left out; a FIELD_STRING is UTF-8 without NUL. The caller decrefs it. NULL
 * when there were errors, which are appended: `status` becomes 422, or 400 for a body that can't be
 * read at all (its encoding, its depth). `content_type` may be NULL bytes (none sent). An
 * `optional` body may be empty or null: JSON's null.
 */
json_t *schema_read_body(const struct model *model, bool optional, struct str content_type,
                         struct str body, struct schema_errors *errors, int *status);

/* One parameter of path or query ("path", "query"): its text, or NULL bytes when it was not sent.
 * Returns a new reference, or NULL with an error appended. */
json_t *schema_read_parameter(const struct field *field, const char *place, struct str text,
                              struct schema_errors *errors);

#endif
