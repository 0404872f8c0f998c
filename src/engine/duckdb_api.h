/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of DuckDB's C interface that the worker uses, as a table of functions filled by
 * dlopen(): the program starts without the library, and only worker processes ever map it.
 *
 * No header comes with the library's package. These declarations hold for DUCKDB_VERSION exactly;
 * duckdb_api_load() refuses any other.
 */
#ifndef QUERENT_ENGINE_DUCKDB_API_H
#define QUERENT_ENGINE_DUCKDB_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

#define DUCKDB_VERSION "v1.5.6"

typedef uint64_t duckdb_index;
enum duckdb_state { DUCKDB_SUCCESS = 0, DUCKDB_FAILURE = 1 };

typedef struct duckdb_database_handle *duckdb_database;
typedef struct duckdb_connection_handle *duckdb_connection;
typedef struct duckdb_config_handle *duckdb_config;
typedef struct duckdb_prepared_handle *duckdb_prepared;
typedef struct duckdb_extracted_handle *duckdb_extracted;
typedef struct duckdb_pending_handle *duckdb_pending;
typedef struct duckdb_chunk_handle *duckdb_chunk;
typedef struct duckdb_vector_handle *duckdb_vector;
typedef struct duckdb_type_handle *duckdb_type;
typedef struct duckdb_appender_handle *duckdb_appender;

struct duckdb_result { /* passed by value to fetch_chunk */
    duckdb_index deprecated[3];
    void *deprecated_columns;
    char *deprecated_error;
    void *internal;
};

union duckdb_string { /* not NUL-ended; inlined up to 12 bytes */
    uint32_t length;
    struct {
        uint32_t length;
        char bytes[12];
    } near;
    struct {
        uint32_t length;
        char prefix[4];
        char *bytes;
    } far;
};
#define DUCKDB_STRING_INLINE_MAX 12

struct duckdb_list_entry {
    uint64_t offset;
    uint64_t length;
};

struct duckdb_interval {
    int32_t months;
    int32_t days;
    int64_t micros;
};

enum duckdb_type_id {
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_TIMESTAMP = 12,
    DUCKDB_TYPE_DATE = 13,
    DUCKDB_TYPE_TIME = 14,
    DUCKDB_TYPE_INTERVAL = 15,
    DUCKDB_TYPE_HUGEINT = 16,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_BLOB = 18,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_TIMESTAMP_S = 20,
    DUCKDB_TYPE_TIMESTAMP_MS = 21,
    DUCKDB_TYPE_TIMESTAMP_NS = 22,
    DUCKDB_TYPE_ENUM = 23,
    DUCKDB_TYPE_LIST = 24,
    DUCKDB_TYPE_STRUCT = 25,
    DUCKDB_TYPE_MAP = 26,
    DUCKDB_TYPE_UUID = 27,
    DUCKDB_TYPE_UNION = 28,
    DUCKDB_TYPE_BIT = 29,
    DUCKDB_TYPE_TIME_TZ = 30,
    DUCKDB_TYPE_TIMESTAMP_TZ = 31,
    DUCKDB_TYPE_UHUGEINT = 32,
    DUCKDB_TYPE_ARRAY = 33,
    DUCKDB_TYPE_SQLNULL = 36,
    DUCKDB_TYPES = 64,
};

enum duckdb_statement_type { DUCKDB_STATEMENT_SELECT = 1 };

/* DUCKDB_FUNCTION(result, name without the prefix duckdb_, parameters) */
#define DUCKDB_FUNCTIONS(DUCKDB_FUNCTION)                                                      \
    DUCKDB_FUNCTION(const char *, library_version, (void))                                     \
    DUCKDB_FUNCTION(int, create_config, (duckdb_config *))                                     \
    DUCKDB_FUNCTION(int, set_config, (duckdb_config, const char *, const char *))              \
    DUCKDB_FUNCTION(void, destroy_config, (duckdb_config *))                                   \
    DUCKDB_FUNCTION(int, open_ext, (const char *, duckdb_database *, duckdb_config, char **))  \
    DUCKDB_FUNCTION(void, close, (duckdb_database *))                                          \
    DUCKDB_FUNCTION(int, connect, (duckdb_database, duckdb_connection *))                      \
    DUCKDB_FUNCTION(void, disconnect, (duckdb_connection *))                                   \
    DUCKDB_FUNCTION(void, interrupt, (duckdb_connection))                                      \
    DUCKDB_FUNCTION(void, free, (void *))                                                      \
    DUCKDB_FUNCTION(int, query, (duckdb_connection, const char *, struct duckdb_result *))     \
    DUCKDB_FUNCTION(const char *, result_error, (struct duckdb_result *))                      \
    DUCKDB_FUNCTION(void, destroy_result, (struct duckdb_result *))                            \
    DUCKDB_FUNCTION(duckdb_index, column_count, (struct duckdb_result *))                      \
    DUCKDB_FUNCTION(const char *, column_name, (struct duckdb_result *, duckdb_index))         \
    DUCKDB_FUNCTION(duckdb_type, column_logical_type, (struct duckdb_result *, duckdb_index))  \
    DUCKDB_FUNCTION(duckdb_chunk, fetch_chunk, (struct duckdb_result))                         \
    DUCKDB_FUNCTION(duckdb_index, data_chunk_get_size, (duckdb_chunk))                         \
    DUCKDB_FUNCTION(duckdb_vector, data_chunk_get_vector, (duckdb_chunk, duckdb_index))        \
    DUCKDB_FUNCTION(void, destroy_data_chunk, (duckdb_chunk *))                                \
    DUCKDB_FUNCTION(void *, vector_get_data, (duckdb_vector))                                  \
    DUCKDB_FUNCTION(uint64_t *, vector_get_validity, (duckdb_vector))                          \
    DUCKDB_FUNCTION(duckdb_vector, list_vector_get_child, (duckdb_vector))                     \
    DUCKDB_FUNCTION(duckdb_vector, struct_vector_get_child, (duckdb_vector, duckdb_index))     \
    DUCKDB_FUNCTION(duckdb_vector, array_vector_get_child, (duckdb_vector))                    \
    DUCKDB_FUNCTION(int, get_type_id, (duckdb_type))                                           \
    DUCKDB_FUNCTION(char *, logical_type_get_alias, (duckdb_type))                             \
    DUCKDB_FUNCTION(void, destroy_logical_type, (duckdb_type *))                               \
    DUCKDB_FUNCTION(uint8_t, decimal_width, (duckdb_type))                                     \
    DUCKDB_FUNCTION(uint8_t, decimal_scale, (duckdb_type))                                     \
    DUCKDB_FUNCTION(int, decimal_internal_type, (duckdb_type))                                 \
    DUCKDB_FUNCTION(int, enum_internal_type, (duckdb_type))                                    \
    DUCKDB_FUNCTION(uint32_t, enum_dictionary_size, (duckdb_type))                             \
    DUCKDB_FUNCTION(char *, enum_dictionary_value, (duckdb_type, duckdb_index))                \
    DUCKDB_FUNCTION(duckdb_type, list_type_child_type, (duckdb_type))                          \
    DUCKDB_FUNCTION(duckdb_type, array_type_child_type, (duckdb_type))                         \
    DUCKDB_FUNCTION(duckdb_index, array_type_array_size, (duckdb_type))                        \
    DUCKDB_FUNCTION(duckdb_type, map_type_key_type, (duckdb_type))                             \
    DUCKDB_FUNCTION(duckdb_type, map_type_value_type, (duckdb_type))                           \
    DUCKDB_FUNCTION(duckdb_index, struct_type_child_count, (duckdb_type))                      \
    DUCKDB_FUNCTION(char *, struct_type_child_name, (duckdb_type, duckdb_index))               \
    DUCKDB_FUNCTION(duckdb_type, struct_type_child_type, (duckdb_type, duckdb_index))          \
    DUCKDB_FUNCTION(duckdb_index, extract_statements,                                          \
                    (duckdb_connection, const char *, duckdb_extracted *))                     \
    DUCKDB_FUNCTION(const char *, extract_statements_error, (duckdb_extracted))                \
    DUCKDB_FUNCTION(int, prepare_extracted_statement,                                          \
                    (duckdb_connection, duckdb_extracted, duckdb_index, duckdb_prepared *))    \
    DUCKDB_FUNCTION(void, destroy_extracted, (duckdb_extracted *))                             \
    DUCKDB_FUNCTION(int, prepare, (duckdb_connection, const char *, duckdb_prepared *))        \
    DUCKDB_FUNCTION(const char *, prepare_error, (duckdb_prepared))                            \
    DUCKDB_FUNCTION(void, destroy_prepare, (duckdb_prepared *))                                \
    DUCKDB_FUNCTION(int, prepared_statement_type, (duckdb_prepared))                           \
    DUCKDB_FUNCTION(duckdb_index, nparams, (duckdb_prepared))                                  \
    DUCKDB_FUNCTION(int, bind_varchar_length,                                                  \
                    (duckdb_prepared, duckdb_index, const char *, duckdb_index))               \
    DUCKDB_FUNCTION(int, execute_prepared, (duckdb_prepared, struct duckdb_result *))          \
    DUCKDB_FUNCTION(int, pending_prepared_streaming, (duckdb_prepared, duckdb_pending *))      \
    DUCKDB_FUNCTION(int, execute_pending, (duckdb_pending, struct duckdb_result *))            \
    DUCKDB_FUNCTION(const char *, pending_error, (duckdb_pending))                             \
    DUCKDB_FUNCTION(void, destroy_pending, (duckdb_pending *))                                 \
    DUCKDB_FUNCTION(                                                                           \
        int, appender_create_ext,                                                              \
        (duckdb_connection, const char *, const char *, const char *, duckdb_appender *))      \
    DUCKDB_FUNCTION(const char *, appender_error, (duckdb_appender))                           \
    DUCKDB_FUNCTION(int, append_varchar_length, (duckdb_appender, const char *, duckdb_index)) \
    DUCKDB_FUNCTION(int, append_null, (duckdb_appender))                                       \
    DUCKDB_FUNCTION(int, appender_end_row, (duckdb_appender))                                  \
    DUCKDB_FUNCTION(int, appender_close, (duckdb_appender))                                    \
    DUCKDB_FUNCTION(int, appender_destroy, (duckdb_appender *))

struct duckdb_api {
#define DUCKDB_FUNCTION(result, name, parameters) result(*name) parameters;
    DUCKDB_FUNCTIONS(DUCKDB_FUNCTION)
#undef DUCKDB_FUNCTION
};

/* The path of the library's file, in the arena; or NULL with ERROR_CONFIG (core/datafile.h says
 * where it is looked for). QUERENT_DUCKDB_LIBRARY names it otherwise. */
const char *duckdb_library_find(struct arena *arena, struct error *err);

/* Maps the library and fills *api; it stays mapped. ERROR_CONFIG when it is not DUCKDB_VERSION. */
bool duckdb_api_load(const char *path, struct duckdb_api *api, struct error *err);

#endif
