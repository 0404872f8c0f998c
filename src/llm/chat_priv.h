/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What chat.c and its drivers share. A driver says how a request is written, how a reply is read,
 * and what refusals mean; calling, trying again and remembering is the same for all (chat.c).
 */
#ifndef QUERENT_LLM_CHAT_PRIV_H
#define QUERENT_LLM_CHAT_PRIV_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "llm/chat.h"
#include "llm/models.h"
#include "net/endpoint.h"
#include "net/event_reader.h"
#include "net/fetch.h"
#include "net/server_problem.h"

#define CHAT_BODY_MAX (32 * 1024 * 1024) /* what Anthropic takes */
#define CHAT_HABITS_MAX 16
#define CHAT_THINKING_TOKENS 8192 /* room beside the answer for a model that thinks */
#define CHAT_EVENT_SIZE_MAX (1024 * 1024)

/* Parts of a request that some models and servers refuse. */
enum chat_field {
    CHAT_TEMPERATURE = 1 << 0,
    CHAT_THINKING = 1 << 1,      /* the field that keeps it from thinking */
    CHAT_SCHEMA = 1 << 2,        /* the schema in the API's own field */
    CHAT_SCHEMA_SECOND = 1 << 3, /* a forced tool; JSON without a schema */
    CHAT_STRICT = 1 << 4,        /* of that tool */
    CHAT_SCHEMA_WORDS = 1 << 5,  /* the schema in the instructions */
    CHAT_STREAM_OPTIONS = 1 << 6,
    CHAT_LIMIT_NEW = 1 << 7,  /* max_completion_tokens */
    CHAT_LIMIT_OLD = 1 << 8,  /* max_tokens */
};

struct chat_reading;

/* A message or parameter that has one of the words says that the field is not taken. */
struct chat_refusal {
    const char
        *words; /* with '|' between them, in lower case; empty: any problem that might be of it */
    enum chat_field field;
    bool passing; /* it depends on this request: not remembered */
};

struct chat_driver {
    const char *name, *title, *model; /* model: the default, where the server is the vendor's own */
    const char *key_setting, *url_setting, *request_id_header;
    double temperature_max;
    bool own_models_only; /* whoever serves this API serves the vendor's models */
    bool (*open)(struct chat_model *model, struct error *err);
    /* Of the parts above, those that this request gets when the server has refused none but these.
     */
    unsigned (*choose_fields)(const struct chat_model *model, const struct chat_request *request,
                              unsigned refused);
    void (*write)(const struct chat_model *model, const struct chat_request *request,
                  unsigned fields, struct strbuf *out);
    const char *(*url)(const struct chat_model *model, const char *model_id, struct arena *arena);
    /* One event of a stream; false with an error fails the call, and reading->passing says whether
     * another try may help. */
    bool (*read_event)(struct chat_reading *reading, const struct server_event *event,
                       struct error *err);
    /* A reply that is one JSON document, from a server that does not stream. */
    bool (*read_whole)(struct chat_reading *reading, json_t *body, struct error *err);
    /* At the end of the stream: sets reading->stop; false when it was cut or is of no use. */
    bool (*finish)(struct chat_reading *reading, struct error *err);
    const struct chat_refusal *refusals; /* ends with one of no words */
    const char *(*check_url)(const struct chat_model *model, struct arena *arena);
    /* From what check_url gave with 200: a sentence about the model; NULL: it is not in there. */
    const char *(*describe)(const struct chat_model *model, json_t *body, struct arena *arena);
};

extern const struct chat_driver chat_anthropic_driver, chat_openai_driver;

struct chat_model {
    const struct chat_driver *driver;
    struct arena *arena; /* of what is opened */
    struct upstream *upstream;
    struct endpoint endpoint; /* address, headers, secrets */
    const char *title;        /* for sentences: "Claude", "the server 127.0.0.1:8080" */
    const char *model_id;
    const char *api_version; /* NULL: none */
    const char *prices;      /* NULL: none are set */
    uint64_t idle_ms;
    bool own_host; /* the vendor's own server */
    bool has_key;
    enum chat_field limit_field; /* what is tried first */

    pthread_mutex_t lock; /* of what follows; never held across a wait */
    struct chat_habit {
        char model_id[CHAT_MODEL_ID_MAX + 1];
        unsigned refused;
    } habits[CHAT_HABITS_MAX];
    size_t habit_count;
    struct server_state state;
};

/* A reply as it comes in. */
struct chat_reading {
    const struct chat_model *model;
    const struct chat_request *request;
    unsigned fields; /* of the request sent */
    struct event_reader events;
    struct arena *scratch;  /* of one event; NULL before the first */
    struct strbuf text;     /* all of it, also where it was passed on */
    struct strbuf whole;    /* a JSON document */
    struct strbuf declined; /* why, where the model says so beside its text */
    bool began, is_whole, has_events;
    bool over;          /* the stream said that it ends */
    bool passed_on;     /* on_text has taken some */
    bool caller_failed; /* on_text refused */
    bool passing;       /* a failure that may pass */
    bool in_tool, called_other_tool;
    char stop_word[64]; /* as the provider says it; "" before */
    enum chat_stop stop;
    struct chat_usage usage;
    char model_id[CHAT_MODEL_ID_MAX + 1]; /* "" until told */
    uint64_t started_us, first_text_us;
    struct error error;
};

/* The first text is timed from now on; see started_us. */
void chat_reading_init(struct chat_reading *reading, const struct chat_model *model,
                       const struct chat_request *request, unsigned fields);
void chat_reading_clear(struct chat_reading *reading);
/* More of the body. */
TASK_WAITS bool chat_reading_add(struct chat_reading *reading, struct str piece, struct error *err);
/* The body is over: reading->stop and the text are what the reply is, or false. */
TASK_WAITS bool chat_reading_finish(struct chat_reading *reading, struct error *err);

/* For drivers. Text of the answer. */
TASK_WAITS bool chat_reading_text(struct chat_reading *reading, struct str text, struct error *err);
bool chat_reading_fail(struct chat_reading *reading, bool passing, struct error *err,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What is wrong, from an `error` member of a stream or document. */
bool chat_reading_fail_as_told(struct chat_reading *reading, const json_t *body, struct error *err);
void chat_keep_word(char *out, size_t size, const json_t *text); /* cut; "" where it is none */
/* Keeps *tokens unless the member is a number. */
void chat_read_tokens(const json_t *usage, const char *name, int64_t *tokens);
/* "" where the member is no text. */
struct str chat_text_of(const json_t *object, const char *name);

/* JSON from outside, no deeper than a task's stack bears, released with the arena. NULL: it is
 * none. */
json_t *chat_read_json(struct str text, struct arena *arena);
struct server_problem chat_read_problem(const struct chat_model *model, int status, struct str body,
                                        struct arena *arena);
/* The class of what chat_explain() says. */
enum chat_cause chat_problem_cause(const struct chat_model *model,
                                   const struct server_problem *problem);
/* The sentence of a reply whose status says no; false. */
bool chat_explain(const struct chat_model *model, const char *model_id,
                  const struct server_problem *problem, unsigned tries, struct error *err);
/* Content that the provider's filter stopped: a refusal rather than a failure. */
bool chat_problem_is_filtered(const struct server_problem *problem);
/* Too long, no money, and the like: no other form of the request mends it. */
bool chat_problem_is_lasting(const struct server_problem *problem);
/* fetch_request.is_final: nothing that waiting mends. */
bool chat_problem_is_final(const struct fetch_response *response);

/* The fields that the server has refused of requests for that model. */
unsigned chat_known_refusals(struct chat_model *model, const char *model_id);
const char *chat_request_model(const struct chat_model *model, const struct chat_request *request);
/* With room for thinking where the model may think with these fields. */
unsigned chat_output_tokens(const struct chat_model *model, const struct chat_request *request,
                            unsigned fields);

/* The members of a request that are the same for all: see the drivers. */
void chat_add_member_text(struct strbuf *out, const char *key, struct str text);
void chat_add_temperature(const struct chat_model *model, const struct chat_request *request,
                          struct strbuf *out);
/* How a reply should look, for a model that can't be forced; nothing without a schema. */
void chat_print_schema_words(const struct chat_request *request, struct strbuf *out);

#endif
