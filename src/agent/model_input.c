/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/model_input.h"

#include <string.h>

#include "core/metrics.h"
#include "core/settings.h"

#define NEAR_SHARE 0.35 /* of the words of both questions: what has less in common is no example */
#define WORD_LENGTH_MIN 3

/* ------------------------------------------------------------------ conversation */

static bool masks_any(const struct knowledge *knowledge)
{
    for (size_t i = 0; i < knowledge->catalog->dataset_count; i++)
        if (knowledge->catalog->datasets[i].access.mask_model.count > 0)
            return true;
    return false;
}

static void fill_history(struct run *run)
{
    struct llm_turn *turns = arena_array(run->arena, run->history_count, sizeof(*turns));
    size_t count = 0;
    for (size_t i = 0; i < run->history_count; i++) {
        const struct message *message = &run->history[i];
        if (message->role == MESSAGE_USER) {
            turns[count++] = (struct llm_turn){.question = message->content};
        } else if (count > 0) { /* the first may be an answer whose question is too long ago */
            /* It was made for the asker: a cell that models must not see may be in it. */
            turns[count - 1].answer = run->request.masks ? NULL : message->content;
            turns[count - 1].sql = message->sql;
        }
    }
    run->request.history = turns;
    run->request.history_count = count;
    run->request.previous_dataset = run->previous_dataset;
}

/* ------------------------------------------------------------------ examples */

static bool tells(const struct verified_word *word)
{
    static const char *const common[] = {"the", "and", "for", "what", "which", "how", "many",
                                         "much", "are", "was", "were", "did", "does", "with"};
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (str_equal_text(word->text, common[i]))
            return false;
    return !word->slot && word->text.length >= WORD_LENGTH_MIN;
}

static bool has_word(const struct verified_words *words, const struct verified_word *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (!words->items[i].slot && str_equal(words->items[i].text, word->text))
            return true;
    return false;
}

static double likeness(const struct verified_words *question, const struct verified_words *pattern)
{
    size_t both = 0, all = 0;
    for (size_t i = 0; i < question->count; i++)
        if (tells(&question->items[i])) {
            bool shared = has_word(pattern, &question->items[i]);
            both += shared;
            all++;
        }
    for (size_t i = 0; i < pattern->count; i++)
        all += tells(&pattern->items[i]) && !has_word(question, &pattern->items[i]);
    return all > 0 ? (double)both / (double)all : 0;
}

static const struct dataset *find_dataset(const struct plan_request *plan, const char *id)
{
    for (size_t i = 0; id && i < plan->dataset_count; i++)
        if (strcmp(plan->datasets[i].dataset->id, id) == 0)
            return plan->datasets[i].dataset;
    return NULL;
}

/* Those with the most words in common, of the candidates' own. */
static void fill_examples(struct run *run)
{
    const struct verified_set *set = run->verified_set;
    struct llm_request *request = &run->request;
    struct llm_example *examples = arena_array(run->arena, EXAMPLES_MAX, sizeof(*examples));
    double scores[EXAMPLES_MAX];
    struct verified_words words;
    request->examples = examples;
    if (!set || set->query_count == 0)
        return;
    verified_words_read(request->plan.question, false, run->arena, &words);
    for (size_t q = 0; q < set->query_count; q++) {
        const struct verified_entry *entry = &set->queries[q];
        const struct dataset *dataset = find_dataset(&request->plan, entry->dataset_id);
        double best = 0;
        size_t which = 0;
        for (size_t i = 0; dataset && i < entry->question_count; i++) {
            double score = likeness(&words, &entry->patterns[i]);
            which = score > best ? i : which;
            best = score > best ? score : best;
        }
        if (best < NEAR_SHARE || atomic_load(&entry->trial) == VERIFIED_BROKEN)
            continue;
        size_t at = request->example_count;
        while (at > 0 && scores[at - 1] < best)
            at--;
        if (at == EXAMPLES_MAX)
            continue;
        request->example_count += request->example_count < EXAMPLES_MAX;
        for (size_t i = request->example_count - 1; i > at; i--) {
            examples[i] = examples[i - 1];
            scores[i] = scores[i - 1];
        }
        examples[at] = (struct llm_example){entry->questions[which], entry->sql, dataset};
        scores[at] = best;
    }
}

void model_input_fill(struct run *run)
{
    struct llm_request *request = &run->request;
    if (!llm_writes_answers(run->agent->llm))
        return;
    request->model = llm_allowed_model(run->agent->llm, run->question.model);
    request->temperature = run->question.temperature;
    request->margin = run->retrieved.margin;
    request->sees = llm_sees_setting();
    request->dry = run->question.dry;
    request->without = run->question.without;
    request->masks = masks_any(run->knowledge);
    fill_history(run);
    fill_examples(run);
}

/* ------------------------------------------------------------------ repairs */

static int repairs_left(const struct run *run)
{
    int most = (int)settings_integer("QUERENT_MAX_REPAIRS");
    return most > run->repairs ? most - run->repairs : 0;
}

void model_input_allow_repairs(struct run *run)
{
    run->request.repairs_left = repairs_left(run);
}

void model_input_count_repairs(struct run *run)
{
    for (; run->request.repairs_left < repairs_left(run); run->repairs++)
        metrics_add(METRIC_REPAIRS, 0, 0, 1);
}
