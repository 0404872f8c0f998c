/* SPDX-License-Identifier: Apache-2.0 */
/* For processors without a kernel of their own. */
#include "retrieval/vector.h"

const struct vector_kernel *const vector_kernels[] = {&vector_kernel_plain, NULL};
