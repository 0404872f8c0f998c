/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every setting, one row each. After a change: make docs. `unread` marks those of parts that this
 * version lacks (Azure, engines beside DuckDB): deployments set them already.
 */
#include "core/settings.h"

#define GENERAL "General"
#define ANSWERS "Questions and answers"
#define MODELS "Models"
#define METADATA "Metadata"
#define ENGINES "Engines"
#define STORE "Store"
#define SERVER "Server"
#define LOGS "Logs"
#define DAYS "monday tuesday wednesday thursday friday saturday sunday"

const struct setting settings_table[] = {
    {"QUERENT_HOME", SETTING_PATH, .group = GENERAL,
     .help = "Folder of the embedded store and of what is derived from data files. Without it: "
             "querent in XDG_DATA_HOME, else in ~/.local/share."},
    {"ENVIRONMENT", SETTING_TEXT, "development", .max = 64, .group = GENERAL,
     .help = "Name of the environment, as /health tells it. In development, replies to faults of "
             "the program say what went wrong."},
    {"QUERENT_OFFLOAD_THREADS", SETTING_INTEGER, "4", 1, 64, .group = GENERAL,
     .help = "Threads for blocking work: files, the store, hashing."},
    {"QUERENT_EMBEDDINGS", SETTING_PATH, .group = GENERAL,
     .help = "File of the built-in embeddings, in place of the one that came with the program."},
    {"QUERENT_WEIGHTS", SETTING_PATH, .group = GENERAL,
     .help = "File of the planner's weights, in place of the one that came with the program."},

    {"QUERENT_CA_FILE", SETTING_PATH, .group = GENERAL,
     .help = "File (PEM) of the certificates that servers outside are trusted by, in place of the "
             "system's. They are always checked."},

    {"QUERENT_NOW", SETTING_TIME, .group = ANSWERS,
     .help = "Reference date for \"last month\" and the like, in place of the real time: for tests "
             "and demos."},
    {"QUERENT_TIME_ZONE", SETTING_ZONE, "UTC", .group = ANSWERS,
     .help = "Time zone in which a day begins, where a dataset's calendar says nothing."},
    {"QUERENT_WEEK_START", SETTING_CHOICE, "monday", .choices = DAYS, .group = ANSWERS,
     .help = "First day of the week, where a dataset's calendar says nothing."},
    {"QUERENT_FISCAL_YEAR_START", SETTING_INTEGER, "1", 1, 12, .unit = "month", .group = ANSWERS,
     .help = "Month in which the fiscal year begins, where a dataset's calendar says nothing."},
    {"QUERENT_DEADLINE_S", SETTING_INTEGER, "120", 1, 3600, .unit = "seconds", .group = ANSWERS,
     .help = "Time for one question, from its arrival to the answer."},
    {"QUERENT_MAX_REPAIRS", SETTING_INTEGER, "2", 0, 10, .group = ANSWERS,
     .help = "How often a failed statement goes back to be mended."},
    {"QUERENT_SURENESS", SETTING_DOUBLE, "0.6", 0, 1, .group = ANSWERS,
     .help = "The planner asks back when it is less sure than this."},

    {"QUERENT_LLM", SETTING_CHOICE, "auto", .choices = "auto anthropic openai planner",
     .group = MODELS,
     .help = "Who writes the SQL. auto: Claude with an Anthropic key, else an OpenAI-compatible "
             "server with a key or base URL, else the built-in planner."},
    {"QUERENT_MODEL", SETTING_TEXT, .max = 256, .group = MODELS,
     .help = "Id of the language model; without it claude-sonnet-4-6 with Anthropic and gpt-5.4-mini "
             "with OpenAI. Another OpenAI-compatible server has no default."},
    {"QUERENT_MODEL_PRICES", SETTING_TEXT, .group = MODELS,
     .help = "What models cost, where it is not known or agreed otherwise: "
             "MODEL=INPUT/CACHED/WRITTEN/OUTPUT in dollars a million tokens, several with commas "
             "between them; without MODEL= for all whose price is not known. What has no price is "
             "said to be not priced."},
    {"QUERENT_MODEL_CALLS_MAX", SETTING_INTEGER, "256", 1, 100000, .unit = "calls",
     .group = MODELS,
     .help = "Calls of the language model at the same time; more wait for their turn. A model on one's "
             "own machine serves few at a time."},
    {"QUERENT_MODEL_IDLE_S", SETTING_INTEGER, "60", 1, 3600, .unit = "seconds", .group = MODELS,
     .help = "How long the language model's server may send nothing before a call is given up and made "
             "again. A slow machine needs long for its first word."},
    {"QUERENT_MODELS_ALLOWED", SETTING_TEXT, .max = 4096, .group = MODELS,
     .help = "Ids of the models that a question may ask for (agent_config.model), separated by commas; "
             "none for none. Without it: those of the provider that this version knows. Others are "
             "answered by QUERENT_MODEL."},
    {"QUERENT_MODEL_SEES", SETTING_CHOICE, "rows", .choices = "rows aggregates schema",
     .group = MODELS,
     .help = "What of the data a language model is sent. rows: values that the question speaks of, "
             "samples, results. aggregates: no samples, and results only where each row sums up many. "
             "schema: names and types alone, no value of any cell; answers are made by template."},
    {"QUERENT_MODEL_FALLBACK", SETTING_CHOICE, "planner", .choices = "planner none",
     .group = MODELS,
     .help = "Who answers while the language model can't be asked. planner: the built-in planner, where "
             "it is sure, and the answer says so. none: nobody."},
    {"QUERENT_PLANNER_FIRST", SETTING_CHOICE, "auto", .choices = "auto on off", .group = MODELS,
     .help = "Whether the built-in planner reads a question before the language model does. What it is "
             "very sure of (0.9) it answers, and no call is made; else it answers where the model's "
             "statement fails or there is none. auto: on for models of an "
             "OpenAI-compatible server that this version does not know, such as small ones on one's own "
             "machine."},
    {"QUERENT_MODEL_BRIEF", SETTING_CHOICE, "auto", .choices = "auto on off", .group = MODELS,
     .help = "Whether the language model gets short instructions and replies with the SQL alone, without "
             "its reasons and assumptions and without asking back: quicker, and better for small models. "
             "auto: as with QUERENT_PLANNER_FIRST."},
    {"QUERENT_EMBED", SETTING_CHOICE, "auto", .choices = "auto openai builtin", .group = MODELS,
     .help = "Who makes embeddings, by which datasets are found. openai: OpenAI or a server that speaks its "
             "API. auto: that, with a key and a language model in use, or with QUERENT_EMBED_BASE_URL; of "
             "another server than OpenAI's only where QUERENT_EMBED_MODEL is set; else the built-in "
             "ones, also where such a server's settings don't fit."},
    {"QUERENT_EMBED_MODEL", SETTING_TEXT, .max = 256, .group = MODELS,
     .help = "Id of the embedding model; without it text-embedding-3-small with OpenAI. Another server "
             "has no default."},
    {"QUERENT_EMBED_DIMENSIONS", SETTING_INTEGER, "1536", 1, 8192, .group = MODELS,
     .help = "Numbers of one embedding. A model that gives another count, and can't be told, is refused."},
    {"QUERENT_EMBED_BASE_URL", SETTING_URL, .choices = "https http", .group = MODELS,
     .help = "Server of the embedding model, where it is not that of OPENAI_BASE_URL. It is sent none of "
             "the other OPENAI_ settings, and no key but QUERENT_EMBED_API_KEY."},
    {"QUERENT_EMBED_API_KEY", SETTING_TEXT, .secret = true, .group = MODELS,
     .help = "Key for embeddings, where it is not OPENAI_API_KEY."},
    {"QUERENT_EMBED_API_VERSION", SETTING_TEXT, .max = 64, .group = MODELS,
     .help = "As OPENAI_API_VERSION, for QUERENT_EMBED_BASE_URL: QUERENT_EMBED_MODEL is then the name of "
             "the deployment."},
    {"QUERENT_EMBED_HEADERS", SETTING_TEXT, .secret = true, .group = MODELS,
     .help = "As QUERENT_OPENAI_HEADERS, for QUERENT_EMBED_BASE_URL."},
    {"QUERENT_EMBED_WAIT_S", SETTING_INTEGER, "5", 1, 600, .unit = "seconds", .group = MODELS,
     .help = "How long a question waits for its embedding. Then datasets are found by keywords and the "
             "built-in embeddings, and the reply says so."},
    {"ANTHROPIC_API_KEY", SETTING_TEXT, .secret = true, .group = MODELS,
     .help = "Key of the Anthropic API."},
    {"ANTHROPIC_AUTH_TOKEN", SETTING_TEXT, .secret = true, .group = MODELS,
     .help = "Token for the Anthropic API or a gateway before it, sent as Authorization: Bearer where "
             "there is no ANTHROPIC_API_KEY."},
    {"ANTHROPIC_BASE_URL", SETTING_URL, .choices = "https http", .group = MODELS,
     .help = "Where the Anthropic API is, if not at its public address."},
    {"QUERENT_ANTHROPIC_VERSION", SETTING_TEXT, "2023-06-01", .max = 32, .group = MODELS,
     .help = "Version of the Anthropic API that is asked for (header anthropic-version)."},
    {"OPENAI_API_KEY", SETTING_TEXT, .secret = true, .group = MODELS,
     .help = "Key of the OpenAI API or of a compatible server."},
    {"OPENAI_BASE_URL", SETTING_URL, .choices = "https http", .group = MODELS,
     .help = "Where the OpenAI-compatible server is, if not at OpenAI's public address: with or without "
             "/v1 at the end. For Azure OpenAI the resource's address."},
    {"OPENAI_API_VERSION", SETTING_TEXT, .max = 64, .group = MODELS,
     .help = "Version of Azure OpenAI's API by deployments, such as 2024-10-21: QUERENT_MODEL is then "
             "the name of the deployment and the key is sent as api-key. Not for its v1 API, whose "
             "address ends with /openai/v1."},
    {"QUERENT_OPENAI_HEADERS", SETTING_TEXT, .secret = true, .group = MODELS,
     .help = "Further headers for the OpenAI-compatible server, such as those of a gateway: NAME: VALUE, "
             "several with commas between them."},
    {"QUERENT_OPENAI_LIMIT_FIELD", SETTING_CHOICE, "auto",
     .choices = "auto max_tokens max_completion_tokens", .group = MODELS,
     .help = "How the OpenAI-compatible server is told the longest reply. auto: max_completion_tokens "
             "at OpenAI, max_tokens elsewhere, and the other one where that is refused."},

    {"QUERENT_METADATA", SETTING_CHOICE, "auto", .choices = "auto azure folder", .group = METADATA,
     .help = "Where metadata documents come from. auto: a folder. Not used by this version: azure, "
             "which is refused."},
    {"QUERENT_METADATA_DIR", SETTING_PATH, .group = METADATA,
     .help = "The folder of metadata documents; without it, the folder metadata in "
             "QUERENT_HOME."},
    {"AZURE_STORAGE_ACCOUNT", SETTING_TEXT, .max = 64, .unread = true, .group = METADATA,
     .help = "Storage account with the metadata container."},
    {"AZURE_STORAGE_CONTAINER", SETTING_TEXT, .max = 64, .unread = true, .group = METADATA,
     .help = "Container of the metadata documents."},
    {"AZURE_API_KEY", SETTING_TEXT, .secret = true, .unread = true, .group = METADATA,
     .help = "Key of the storage account."},
    {"AZURE_BLOB_ENDPOINT", SETTING_URL, .choices = "https http", .unread = true, .group = METADATA,
     .help = "Where the storage account is, if not at its public address."},
    {"AZURE_KEYVAULT_URL", SETTING_URL, .choices = "https http", .unread = true, .group = METADATA,
     .help = "Key Vault that secrets may refer to."},
    {"TEST_DATASET_IDS", SETTING_TEXT, .unread = true, .group = METADATA,
     .help = "Ids of the datasets to index, separated by commas, in place of all."},

    {"QUERENT_ENGINE", SETTING_CHOICE, "auto", .choices = "auto duckdb", .group = ENGINES,
     .help = "Engine of datasets that name none. auto: DuckDB, the one that this version has."},
    {"QUERENT_ROW_LIMIT", SETTING_INTEGER, "10000", 1, 1000000, .unit = "rows", .group = ENGINES,
     .help = "Rows that a result may have; what is over is cut, and the answer says so."},
    {"QUERENT_RESULT_BYTES_MAX", SETTING_INTEGER, "33554432", 65536, 1073741824, .unit = "bytes",
     .group = ENGINES, .help = "Size that a result may have."},
    {"QUERENT_STATEMENT_TIMEOUT_S", SETTING_INTEGER, "30", 1, 3600, .unit = "seconds",
     .group = ENGINES, .help = "Time for one statement."},
    {"QUERENT_WORKERS", SETTING_INTEGER, "0", 0, 64, .group = ENGINES,
     .help = "Processes that run DuckDB, divided evenly among the loops of a server. 0: as many as "
             "there are processors, at most 4, but at least two for each loop."},
    {"QUERENT_WORKER_MEMORY_MB", SETTING_INTEGER, "256", 32, 1048576, .unit = "MB",
     .group = ENGINES, .help = "Memory that DuckDB may use in one worker process."},
    {"QUERENT_WORKER_THREADS", SETTING_INTEGER, "2", 1, 64, .group = ENGINES,
     .help = "Threads that DuckDB may use in one worker process."},
    {"QUERENT_FILE_ROWS", SETTING_INTEGER, "100000000", 1, 1000000000000, .unit = "rows",
     .group = ENGINES, .help = "Rows that a data file may have."},
    {"QUERENT_FILE_MB", SETTING_INTEGER, "16384", 16, 4194304, .unit = "MB", .group = ENGINES,
     .help = "Size that a data file may have once it is unpacked, and that the files made while it "
             "is loaded may have."},
    {"QUERENT_DATA_MB", SETTING_INTEGER, "10240", 1, 1073741824, .unit = "MB", .group = ENGINES,
     .help = "Size that the databases made of data files may have together. At a start, while no "
             "other process uses QUERENT_HOME, those that were not used for longest, and not for "
             "a day, are removed; they are made again when they are needed."},
    {"QUERENT_DUCKDB_LIBRARY", SETTING_PATH, .loads_code = true, .group = ENGINES,
     .help = "DuckDB's library, in place of the one that came with the program. Not taken from an "
             ".env file."},
    {"QUERENT_POSTGRES_URL", SETTING_URL, .choices = "postgresql postgres", .unread = true,
     .group = ENGINES,
     .help = "PostgreSQL with the data."},
    {"QUERENT_TRINO_URL", SETTING_URL, .choices = "https http", .unread = true, .group = ENGINES,
     .help = "Trino with the data."},
    {"DOMO_CLIENT_ID", SETTING_TEXT, .max = 256, .unread = true, .group = ENGINES,
     .help = "Client id of the Domo API."},
    {"DOMO_SECRET_KEY", SETTING_TEXT, .secret = true, .unread = true, .group = ENGINES,
     .help = "Secret of the Domo API."},
    {"DOMO_API_HOST", SETTING_TEXT, "api.domo.com", .max = 256, .unread = true, .group = ENGINES,
     .help = "Host of the Domo API."},
    {"DOMO_MASTER_DATASET_ID", SETTING_TEXT, .max = 256, .unread = true, .group = ENGINES,
     .help = "The Domo dataset that lists the others."},

    {"DATABASE_URL", SETTING_URL, .choices = "sqlite postgresql postgres", .group = STORE,
     .help = "Where conversations, runs and caches are kept: sqlite:PATH. Without it: a SQLite file in "
             "QUERENT_HOME. Not used by this version: postgresql, which is refused."},
    {"QUERENT_RETENTION_DAYS", SETTING_INTEGER, "0", 0, 36500, .unit = "days", .group = STORE,
     .help = "How long a conversation is kept after its last message; then it is removed for good, with "
             "its runs. A server looks every hour, querent migrate --sweep at once. 0: for ever."},
    {"QUERENT_DELETED_DAYS", SETTING_INTEGER, "30", 0, 36500, .unit = "days", .group = STORE,
     .help = "How long a deleted conversation, which nobody can read any more, stays in the store before "
             "it is removed for good."},
    {"QUERENT_CACHE_MB", SETTING_INTEGER, "64", 0, 65536, .unit = "MB", .group = STORE,
     .help = "Memory for what was worked out before: results, readings, replies. What was not used "
             "for longest makes room. 0: only the store keeps it."},

    {"API_HOST", SETTING_TEXT, "127.0.0.1", .max = 256, .group = SERVER,
     .help = "Address that the server listens on."},
    {"API_PORT", SETTING_INTEGER, "8000", 0, 65535, .group = SERVER,
     .help = "Port that the server listens on. 0: any free one."},
    {"QUERENT_LOOPS", SETTING_INTEGER, "0", 0, 64, .group = SERVER,
     .help = "Threads that serve connections and runs, at most one for each of QUERENT_RUNS_MAX and of "
             "QUERENT_WORKERS. 0: as many as there are processors, at most 4."},
    {"QUERENT_RUNS_MAX", SETTING_INTEGER, "0", 0, 100000, .unit = "runs", .group = SERVER,
     .help = "Questions worked on at the same time; more wait for their turn. 0: 32, as what is worked on "
             "shares the processors; with a language model, for which questions mostly wait, as many as "
             "QUERENT_MODEL_CALLS_MAX where that is more."},
    {"QUERENT_QUEUE_MAX", SETTING_INTEGER, "2000", 0, 100000, .unit = "questions", .group = SERVER,
     .help = "Questions that may wait; what comes beyond gets 503 and is asked again later."},
    {"QUERENT_REATTACH_S", SETTING_INTEGER, "600", 0, 86400, .unit = "seconds", .group = SERVER,
     .help = "How long after a question's end its events can be read again (GET /api/v1/query/ID/events)."},
    {"QUERENT_INDEX_EVERY", SETTING_INTEGER, "0", 0, 31536000, .unit = "seconds", .group = SERVER,
     .help = "How often the server reads documents and data files again by itself, beside when their "
             "folders change: for folders that give no notice of it, such as network drives. What has "
             "not changed costs nothing. 0: never."},
    {"QUERENT_STOP_GRACE_S", SETTING_INTEGER, "30", 0, 3600, .unit = "seconds", .group = SERVER,
     .help = "Time for questions under way when the server is asked to stop."},
    {"QUERENT_CORS_ORIGINS", SETTING_TEXT, .max = 4096, .group = SERVER,
     .help = "Origins whose pages may call the API from a browser, separated by commas; loopback for "
             "those on this machine (localhost, 127.x.x.x, [::1]), * for all, none for none. Without "
             "it: loopback when ENVIRONMENT is development, else none."},
    {"QUERENT_AUTH", SETTING_CHOICE, "none", .choices = "none keys jwt", .group = SERVER,
     .help = "How callers show who they are. none: only when API_HOST is a loopback address, and "
             "requests must call the server localhost, by an IP address or API_HOST (Host header). Not "
             "used by this version: keys and jwt, with which the server does not start."},

    {"QUERENT_LOG_LEVEL", SETTING_CHOICE, "warn", .choices = "error warn info debug", .group = LOGS,
     .help = "What is logged, on stderr."},
    {"QUERENT_LOG_FORMAT", SETTING_CHOICE, "auto", .choices = "auto text json", .group = LOGS,
     .help = "Form of the log. auto: text on a terminal, a JSON object a line otherwise."},
    {"QUERENT_ACCESS_LOG", SETTING_FLAG, "true", .group = LOGS,
     .help = "Whether the server logs a line for each request, whatever the level; those for its "
             "health and metrics only at debug."},
};

const size_t settings_count = sizeof(settings_table) / sizeof(settings_table[0]);
_Static_assert(sizeof(settings_table) / sizeof(settings_table[0]) <= SETTINGS_MAX,
               "raise SETTINGS_MAX");
