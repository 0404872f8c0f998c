/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every metric, one row each (an X-macro table: define METRIC, include, undefine). After a change:
 * make docs. A row: symbol, name, type, the labels that tell its series apart,
 * buckets (histograms), help.
 *
 * Names follow Prometheus: base units (seconds, bytes), "_total" behind what only grows. Times are
 * counted in microseconds and shown in seconds.
 */
METRIC(HTTP_REQUESTS, "querent_http_requests_total", COUNTER, ENDPOINT, STATUS, NONE,
       "Requests that were replied to, by route and class of status. Route none: no route took it.")
METRIC(HTTP_DURATION, "querent_http_request_duration_seconds", HISTOGRAM, ENDPOINT, ONE, TIME,
       "Time from a request's first byte to its whole reply; for a stream, to its end.")
METRIC(HTTP_BYTES_IN, "querent_http_request_body_bytes_total", COUNTER, ONE, ONE, NONE,
       "Bytes of the bodies of requests.")
METRIC(HTTP_BYTES_OUT, "querent_http_response_body_bytes_total", COUNTER, ONE, ONE, NONE,
       "Bytes of the bodies of replies, streams among them.")
METRIC(HTTP_CONNECTIONS, "querent_http_connections", GAUGE, ONE, ONE, NONE,
       "Connections open now, streams among them.")
METRIC(HTTP_STREAMS, "querent_http_streams", GAUGE, ONE, ONE, NONE, "Streamed replies open now.")
METRIC(HTTP_STREAMS_DROPPED, "querent_http_streams_dropped_total", COUNTER, ONE, ONE, NONE,
       "Streams whose reader was too slow.")

METRIC(RUNS, "querent_runs_total", COUNTER, OUTCOME, ONE, NONE,
       "Questions that ended, by outcome; code names the error of those that failed. cut: they were "
       "found without an end, mostly after a crash.")
METRIC(RUN_DURATION, "querent_run_duration_seconds", HISTOGRAM, REPLY, ONE, TIME,
       "Time that a question took, its wait for a place in it, by where its reply came from.")
METRIC(STEP_DURATION, "querent_run_step_duration_seconds", HISTOGRAM, STEP, ONE, TIME,
       "Time that a step of a question took; not of replies that were in the cache as a whole.")
METRIC(REPAIRS, "querent_run_repairs_total", COUNTER, ONE, ONE, NONE,
       "Statements that failed and were written anew.")
METRIC(ANSWERS_MENDED, "querent_answer_sentences_mended_total", COUNTER, ONE, ONE, NONE,
       "Sentences of language models that were put right or left out, because nothing held a number in them.")
METRIC(MODEL_CALLS, "querent_model_calls_total", COUNTER, PROVIDER, ONE, NONE,
       "Calls of language models for questions that have ended, by provider.")
METRIC(MODEL_TOKENS, "querent_model_tokens_total", COUNTER, PROVIDER, TOKENS, NONE,
       "Tokens of those calls; cached ones were read from the provider's cache.")
METRIC(MODEL_COST, "querent_model_cost_usd_total", TIME_COUNTER, PROVIDER, ONE, NONE,
       "What those calls cost in US dollars, as far as prices are known.")
METRIC(EMBEDDING_CALLS, "querent_embedding_calls_total", COUNTER, ONE, ONE, NONE,
       "Calls of a server of embeddings, for questions and for datasets.")
METRIC(EMBEDDING_TOKENS, "querent_embedding_tokens_total", COUNTER, ONE, ONE, NONE,
       "Tokens of those calls, as far as the server told them.")
METRIC(EMBEDDING_COST, "querent_embedding_cost_usd_total", TIME_COUNTER, ONE, ONE, NONE,
       "What those calls cost in US dollars, as far as prices are known.")
METRIC(EMBEDDINGS_MISSING, "querent_embeddings_missing", GAUGE, ONE, ONE, NONE,
       "Datasets that have no vector of the server of embeddings yet; until there are none, datasets are "
       "found by keywords and the built-in embeddings.")
METRIC(RUNS_RUNNING, "querent_runs_running", GAUGE, ONE, ONE, NONE, "Questions that have a place to run.")
METRIC(RUNS_WAITING, "querent_runs_waiting", GAUGE, ONE, ONE, NONE, "Questions that wait for a place.")
METRIC(RUNS_REFUSED, "querent_runs_refused_total", COUNTER, ONE, ONE, NONE,
       "Questions that were sent away because too many waited.")

METRIC(STATEMENT_DURATION, "querent_engine_statement_duration_seconds", HISTOGRAM, ENGINE, ONE, TIME,
       "Time that a statement took in an engine, its wait for a worker in it.")
METRIC(STATEMENTS, "querent_engine_statements_total", COUNTER, ENGINE, CODE, NONE,
       "Statements that engines were given, by what came of them.")
METRIC(WORKERS, "querent_engine_workers", GAUGE, ONE, ONE, NONE, "DuckDB worker processes that run now.")
METRIC(WORKER_STARTS, "querent_engine_worker_starts_total", COUNTER, ONE, ONE, NONE,
       "DuckDB worker processes that were started.")
METRIC(WORKER_ENDS, "querent_engine_worker_ends_total", COUNTER, WORKER_END, ONE, NONE,
       "DuckDB worker processes that ended: stopped (no longer needed), killed (did not heed an "
       "interrupt or the protocol), died (by themselves).")

METRIC(UPSTREAM_REQUESTS, "querent_upstream_requests_total", COUNTER, UPSTREAM, FETCH, NONE,
       "Requests to servers outside, each try by itself, by what came of it. refused: another 4xx; overloaded: 429 or 529; "
       "failed: another 5xx; unreachable: no connection; broken: no whole reply; stopped: cancelled or late; not_asked: not sent, after too many "
       "failures in a row.")
METRIC(UPSTREAM_DURATION, "querent_upstream_request_duration_seconds", HISTOGRAM, UPSTREAM, ONE, TIME,
       "Time that a request to a server outside took, to its reply's end; without its wait for a place.")
METRIC(UPSTREAM_CONNECTIONS, "querent_upstream_connections_total", COUNTER, UPSTREAM, ONE, NONE,
       "Connections to servers outside that were opened.")
METRIC(UPSTREAM_OUT, "querent_upstream_requests_out", GAUGE, UPSTREAM, ONE, NONE,
       "Requests to servers outside that are out now.")
METRIC(UPSTREAM_WAITING, "querent_upstream_requests_waiting", GAUGE, UPSTREAM, ONE, NONE,
       "Requests to servers outside that wait for a place.")
METRIC(UPSTREAM_OPEN, "querent_upstream_breaker_open", GAUGE, UPSTREAM, ONE, NONE,
       "1 while a server outside is not asked, after too many failures in a row.")

METRIC(CACHE_LOOKUPS, "querent_cache_lookups_total", COUNTER, CACHE, LEVEL, NONE,
       "Searches in the cache, by what was searched for and where it was found; shared: another "
       "question's work was waited for.")
METRIC(CACHE_ENTRIES, "querent_cache_entries", GAUGE, CACHE, ONE, NONE, "Entries of the cache in memory.")
METRIC(CACHE_BYTES, "querent_cache_bytes", GAUGE, ONE, ONE, NONE, "Memory that the cache takes.")
METRIC(CACHE_DROPPED, "querent_cache_store_dropped_total", COUNTER, ONE, ONE, NONE,
       "Entries kept in memory only, because too many waited to be stored.")

METRIC(STORE_DURATION, "querent_store_write_duration_seconds", HISTOGRAM, ONE, ONE, TIME,
       "Time to write a group of changes to the store, up to the disk.")
METRIC(STORE_GROUP, "querent_store_write_group_changes", HISTOGRAM, ONE, ONE, COUNT,
       "Changes of the store that were written together.")
METRIC(STORE_FAILURES, "querent_store_write_failures_total", COUNTER, ONE, ONE, NONE,
       "Changes that could not be stored.")

METRIC(OFFLOAD_WAITING, "querent_offload_waiting", GAUGE, ONE, ONE, NONE,
       "Pieces of blocking work that wait for a thread.")
METRIC(OFFLOAD_RUNNING, "querent_offload_running", GAUGE, ONE, ONE, NONE,
       "Pieces of blocking work that a thread has.")
METRIC(LOG_DROPPED, "querent_log_dropped_lines_total", COUNTER, ONE, ONE, NONE,
       "Lines of the log that were lost because nobody took them.")
METRIC(DATASETS, "querent_datasets", GAUGE, ONE, ONE, NONE, "Datasets that can be asked about.")
METRIC(MEMORY, "process_resident_memory_bytes", GAUGE, ONE, ONE, NONE,
       "Memory of the server process, without the engine's workers.")
METRIC(CPU, "process_cpu_seconds_total", TIME_COUNTER, ONE, ONE, NONE,
       "CPU time of the server process, without the engine's workers.")
METRIC(START_TIME, "process_start_time_seconds", TIME_GAUGE, ONE, ONE, NONE,
       "When the process started, in seconds since 1970.")
METRIC(BUILD, "querent_build_info", GAUGE, VERSION, ONE, NONE, "The program's version; always 1.")
