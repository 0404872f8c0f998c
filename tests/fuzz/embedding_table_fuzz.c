/* SPDX-License-Identifier: Apache-2.0 */
/* A table file with any content is refused, or answers within its bounds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "embed/word_table.h"

static void use(const struct word_table *table)
{
    size_t dimensions = word_table_dimensions(table);
    float *vector = xcalloc(dimensions, sizeof(*vector));
    bool found = word_table_vector(table, STR("Total sales, r\xC3\xA9gion_ID2 ##a a"), vector);
    double likeness = word_table_cosine(table, vector, vector);
    if (found && !(fabs(likeness - 1) < 1e-3))
        abort();
    free(vector);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct error err = {0};
    struct word_table *table = word_table_open_file(path, &err);
    if (!table && err.code != ERROR_CONFIG)
        abort();
    if (table)
        use(table);
    word_table_close(table);
    close(fd);
    return 0;
}
