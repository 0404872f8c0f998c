/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a metadata document. What is taken must be written so that it is taken again and
 * says the same; what is refused must say why and where.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "metadata/metadata.h"
#include "metadata/yaml_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define WRITTEN_MAX (32 * 1024 * 1024)

static bool read_dataset(struct str text, struct arena *arena, struct dataset *out)
{
    struct problem_list problems = {.arena = arena};
    struct error err = {0};
    bool parsed = metadata_parse(text, "/fuzz/document.yaml", arena, out, &problems, &err);
    assert(parsed == (problems.error_count == 0));
    assert(parsed || err.message[0] != '\0');
    return parsed;
}

static void check_round_trip(const struct dataset *dataset, struct arena *arena)
{
    struct strbuf first = strbuf_init(WRITTEN_MAX), second = strbuf_init(WRITTEN_MAX);
    struct dataset again;
    yaml_write_dataset(&first, dataset);
    if (strbuf_ok(&first) && first.length <= 1024 * 1024) {
        bool parsed = read_dataset(strbuf_str(&first), arena, &again);
        assert(parsed);
        yaml_write_dataset(&second, &again);
        assert(str_equal(strbuf_str(&first), strbuf_str(&second)));
    }
    strbuf_reset(&first);
    profile_print(dataset, &first);
    strbuf_clear(&first);
    strbuf_clear(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new();
    struct dataset dataset;
    if (read_dataset((struct str){(const char *)bytes, size}, arena, &dataset)) {
        struct problem_list problems = {.arena = arena};
        (void)metadata_check_columns(&dataset, &problems);
        check_round_trip(&dataset, arena);
    }
    arena_free(arena);
    return 0;
}
