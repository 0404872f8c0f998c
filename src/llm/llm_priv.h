/* SPDX-License-Identifier: Apache-2.0 */
/* What only the drivers of src/llm/ need. */
#ifndef QUERENT_LLM_LLM_PRIV_H
#define QUERENT_LLM_LLM_PRIV_H

#include "llm/llm.h"

struct llm {
    const struct llm_driver *driver;
    const struct planner *planner; /* borrowed */
    void *state;                   /* the driver's own */
};

extern const struct llm_driver llm_planner_driver, llm_anthropic_driver, llm_openai_driver;

#endif
