/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the jobs. */
#include "core/random.h"
#include "store/check.h"

static bool check_job(const struct job *job, struct error *err)
{
    static const char *const states[] = {"queued", "running", "done", "failed"};
    bool known = false;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]) && job->state; i++)
        known = known || strcmp(states[i], job->state) == 0;
    if (!known)
        return error_set(err, ERROR_INVALID,
                         "a job's state is one of queued, running, done, failed");
    return check_id("job", job->id, "job_", err) &&
           check_range("what is done of the job", job->done, 0, INT64_MAX, err) &&
           check_range("the job's total", job->total, 0, INT64_MAX, err) &&
           check_optional("the job's detail", job->detail, STORE_TEXT_SIZE_MAX, err) &&
           check_optional("the job's error", job->error, STORE_TEXT_SIZE_MAX, err);
}

TASK_WAITS bool store_job_begin(struct store *store, const struct job_begin *begin,
                                struct arena *arena, struct job *out, bool *joined,
                                struct error *err)
{
    char id[STORE_ID_SIZE];
    struct call_job_begin call = {.begin = begin, .id = id, .arena = arena};
    if (!check_name("the job's kind", begin->kind, err) ||
        !check_name("the job's trigger", begin->trigger, err) ||
        !check_optional("the job's request", begin->request, STORE_TEXT_SIZE_MAX, err) ||
        (begin->act && !audit_act_check(begin->act, err)))
        return false;
    random_id(id, sizeof(id), "job_");
    clock_print_utc(clock_now_ms(), call.now);
    if (!call_driver(store, STORE_JOB_BEGIN, &call, err))
        return false;
    *out = call.out;
    *joined = call.joined;
    return true;
}

TASK_WAITS bool store_job_update(struct store *store, const struct job *job, struct error *err)
{
    struct call_job_update call = {.job = job};
    clock_print_utc(clock_now_ms(), call.now);
    return check_job(job, err) && call_driver(store, STORE_JOB_UPDATE, &call, err);
}

TASK_WAITS bool store_job_get(struct store *store, const char *id, struct arena *arena,
                              struct job *out, struct error *err)
{
    struct call_job call = {.id = id, .arena = arena, .out = out};
    return check_id("job", id, "job_", err) && call_driver(store, STORE_JOB_GET, &call, err);
}

TASK_WAITS bool store_job_list(struct store *store, size_t limit, struct arena *arena,
                               struct job **out, size_t *count, struct error *err)
{
    struct call_job call = {.arena = arena, .limit = limit};
    if (!check_range("the limit", limit > INT64_MAX ? INT64_MAX : (int64_t)limit, 1, STORE_PAGE_MAX,
                     err) ||
        !call_driver(store, STORE_JOB_LIST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_jobs_mark_interrupted(struct store *store, int64_t *count,
                                            struct error *err)
{
    struct call_jobs_mark call = {0};
    clock_print_utc(clock_now_ms(), call.now);
    if (!call_driver(store, STORE_JOBS_MARK_INTERRUPTED, &call, err))
        return false;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_index_lock(struct store *store, bool *locked, struct error *err)
{
    return call_driver(store, STORE_INDEX_LOCK, locked, err);
}

TASK_WAITS void store_index_unlock(struct store *store)
{
    (void)call_driver(store, STORE_INDEX_UNLOCK, NULL, NULL);
}
