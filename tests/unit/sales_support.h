/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent over one table of sales, for tests with a language model of their own: set_up_sales() makes
 * QUERENT_HOME and the table, sales_with_llm() opens the agent, lets `body` work with the scripted driver in
 * the planner's place, and closes it.
 */
#ifndef QUERENT_TESTS_UNIT_SALES_SUPPORT_H
#define QUERENT_TESTS_UNIT_SALES_SUPPORT_H

#include "home_support.h"

#include <stdio.h>

#include "agent/agent.h"
#include "llm/llm_priv.h"

#define SALES_ROWS 2000

static char data[128];
static const char *const data_paths[] = {data};

static int set_up_sales(void **state)
{
    struct error err = {0};
    if (!settings_load(&err) || make_home(state) != 0)
        return -1;
    snprintf(data, sizeof(data), "%s/sales.csv", home);
    FILE *file = fopen(data, "w");
    if (!file)
        return -1;
    fprintf(file, "region,revenue\n");
    for (int i = 0; i < SALES_ROWS; i++)
        fprintf(file, "%s,%d\n", i % 2 ? "North" : "South", i);
    fclose(file);
    return 0;
}

/* In a task. */
static bool sales_with_llm(const struct llm_driver *driver, void (*body)(struct agent *agent),
                           struct error *err)
{
    struct agent_options options = {.data_paths = data_paths, .data_path_count = 1};
    struct agent *agent = agent_open(task_loop(task_current()), &options, err);
    if (!agent)
        return false;
    struct llm scripted = {.driver = driver};
    struct llm *real = agent->llm;
    agent->llm = &scripted;
    body(agent);
    agent->llm = real;
    agent_close(agent);
    return true;
}

#endif
