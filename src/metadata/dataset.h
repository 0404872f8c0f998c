/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dataset: one table that can be asked about, as its metadata document (a YAML file, spec
 * section 4) and its profile (what was found in the data itself) describe it.
 *
 * Datasets are plain data: made once in an arena (their catalog's), then read-only and shared
 * between threads. All text is valid UTF-8 and NUL-ended; missing text is NULL, a missing list has
 * count 0.
 */
#ifndef QUERENT_METADATA_DATASET_H
#define QUERENT_METADATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a column's values are, for every engine. The engine's own type name is kept beside it. */
enum value_kind {
    VALUE_UNKNOWN,
    VALUE_BOOLEAN,
    VALUE_INTEGER, /* exact: up to 128 bits */
    VALUE_DECIMAL, /* exact */
    VALUE_FLOAT,
    VALUE_TEXT,
    VALUE_DATE,
    VALUE_TIME,
    VALUE_TIMESTAMP,    /* without zone */
    VALUE_TIMESTAMP_TZ, /* an instant; shown in UTC */
    VALUE_INTERVAL,
    VALUE_BLOB,
    VALUE_NESTED, /* list, struct, map, JSON: carried as JSON text */
    VALUE_KINDS
};
const char *value_kind_name(enum value_kind kind); /* "integer", "timestamp", ... */
/* The kind of a type name of any engine: "BIGINT", "decimal(10,2)", "timestamp with time zone",
 * "text[]". VALUE_UNKNOWN when it is none that is known. */
enum value_kind value_kind_from_type(const char *type);
bool value_kind_is_number(enum value_kind kind);
bool value_kind_is_time(enum value_kind kind); /* date or timestamp */

enum column_role { ROLE_UNKNOWN, ROLE_TIME, ROLE_DIMENSION, ROLE_MEASURE, ROLE_KEY, COLUMN_ROLES };
const char *column_role_name(enum column_role role);

struct text_list {
    const char **items;
    size_t count;
};

/* One distinct stored value, as text in the engine's own spelling. */
struct stored_value {
    const char *text;
    int64_t count; /* rows that hold it */
};

/* What the data itself says about a column. Bounds and counts are of all rows, not of a sample. */
struct column_profile {
    bool known;
    int64_t row_count;
    int64_t null_count;
    int64_t distinct_count; /* exact up to PROFILE_VALUES_MAX, may be an estimate above */
    const char *min;        /* as text; NULL when there is none */
    const char *max;
    double mean;                 /* numbers only */
    struct stored_value *values; /* distinct values, most frequent first */
    size_t value_count;
    bool values_complete; /* `values` are all that there are */
};

#define PROFILE_VALUES_MAX 2000      /* distinct values kept of one column */
#define PROFILE_VALUE_LENGTH_MAX 200 /* bytes; longer values are not kept as values */

struct column {
    const char *name; /* exactly as the engine knows it */
    const char *type; /* the engine's or the document's type name, "DECIMAL(10,2)" */
    enum value_kind kind;
    const char *label; /* a plain name for people; NULL: made from the name */
    const char *description;
    struct text_list synonyms;
    enum column_role role;
    const char *unit; /* "EUR", "kg", "%" */
    struct text_list sample_values;
    const char *default_aggregation; /* sum, avg, min, max, count, count_distinct; NULL */
    bool unique;                     /* no two rows share a value, and none is null */
    struct column_profile profile;
    const char *extra; /* unknown keys of the document, as a JSON object; NULL */
    int line;          /* in the document; 0: from the data */
};

struct metric {
    const char *name;
    const char *expression; /* SQL over the dataset's columns, an aggregate */
    const char *description;
    const char *unit;
    struct text_list synonyms;
    const char *extra; /* as of a column; so below */
    int line;
};

/* A named condition: "active customers" -> status = 'active'. */
struct named_filter {
    const char *name;
    const char *expression; /* SQL, a condition */
    const char *description;
    struct text_list synonyms;
    const char *extra;
    int line;
};

enum relationship_kind {
    RELATIONSHIP_MANY_TO_ONE,
    RELATIONSHIP_ONE_TO_MANY,
    RELATIONSHIP_ONE_TO_ONE,
    RELATIONSHIP_KINDS
};

/* this.column = other.other_column */
struct relationship {
    const char *name; /* what the other side is to this one ("customer"); may be NULL */
    const char *column;
    const char *dataset_id; /* the other side */
    const char *other_column;
    enum relationship_kind kind;
    bool found;   /* found in the data by name and inclusion, not declared */
    double share; /* found: share of this side's values that exist on the other side */
    const char *extra;
    int line;
};

struct verified_query {
    const char *question;
    struct text_list variants;
    const char *sql;
    const char *slots; /* JSON object name -> kind; NULL */
    const char *owner;
    const char *date; /* ISO */
    const char *extra;
    int line;
};

struct calendar {
    const char *time_zone;      /* IANA name; NULL: the configured one */
    int week_start;             /* 1 Monday .. 7 Sunday; 0: the configured one */
    int fiscal_year_start;      /* month 1..12; 0: the configured one */
    const char *reference_date; /* ISO date that stands for today for this dataset; NULL */
};

/* Kept as written for a later stage; "" and NULL mean no restriction. */
struct access_rules {
    struct text_list roles;
    struct text_list users;
    const char *rows;
    struct text_list hidden;
    const char *mask; /* JSON object column -> kind of mask */
    struct text_list mask_model;
    int min_group;
};

struct data_source {
    const char *engine;     /* "duckdb", ...; NULL: the configured one */
    const char *table;      /* the engine's own table name, may be qualified; NULL: table_name */
    const char *file;       /* absolute path after loading; NULL when the engine has the table */
    bool file_is_absolute;  /* it was written as an absolute path */
    const char *file_table; /* of a file that holds several tables (SQLite); NULL */
    int line;               /* of `source` in the document */
    /* The DuckDB database made from `file` (its table is named "data"); set by the catalog once
     * the file is loaded (engine/load.h), NULL before. */
    const char *database;
};

struct dataset {
    const char *id;
    const char *table_name; /* the name SQL uses */
    const char *title;
    const char *description;
    const char *grain; /* what one row is: "one order line" */
    struct text_list synonyms;
    struct data_source source;
    struct column *columns;
    size_t column_count;
    struct metric *metrics;
    size_t metric_count;
    struct named_filter *filters;
    size_t filter_count;
    struct relationship *relationships;
    size_t relationship_count;
    struct verified_query *verified_queries;
    size_t verified_query_count;
    const char *instructions;
    struct calendar calendar;
    struct access_rules access;
    int64_t row_count;    /* -1: not known */
    const char *extra;    /* unknown keys of the document, as a JSON object; NULL */
    const char *document; /* path of the YAML document; NULL: made from the data */
    /* Changes whenever anything above changes (document or data): part of every cache key.
     * 64 hex digits of SHA-256, NUL-ended. */
    char version[65];
};

/* Is a metric's expression "count(*)", however it is spaced? */
bool metric_counts_rows(const char *expression);
/* The column with that name (ASCII case ignored), or NULL. */
const struct column *dataset_column(const struct dataset *dataset, const char *name);
/* What people call it: the title, else the table name. Borrowed from the dataset. */
const char *dataset_title(const struct dataset *dataset);

#endif
