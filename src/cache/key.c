/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys. Besides its parts every key holds the build of the program: the code that made a value is
 * an input of it as well, and another build (an upgrade, a developer's change) must not find it.
 */
#include "cache/cache.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <string.h>

#include "core/hash.h"
#include "version.h"

#define BUILD_ID_MAX 64

static pthread_once_t build_found = PTHREAD_ONCE_INIT;
static char build_bytes[BUILD_ID_MAX];
static struct str build;

static size_t aligned(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

/* The linker's build id: a hash of everything in the program. */
static bool read_notes(const char *notes, size_t size)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, notes, sizeof(head));
        size_t name = sizeof(head), id = name + aligned(head.n_namesz);
        size_t whole = id + aligned(head.n_descsz);
        if (whole > size)
            return false;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof("GNU") &&
            memcmp(notes + name, "GNU", sizeof("GNU")) == 0 && head.n_descsz <= BUILD_ID_MAX) {
            memcpy(build_bytes, notes + id, head.n_descsz);
            build = (struct str){build_bytes, head.n_descsz};
            return true;
        }
        notes += whole;
        size -= whole;
    }
    return false;
}

/* The first object is the program itself: returning 1 leaves out the libraries. */
static int read_program(struct dl_phdr_info *object, size_t size, void *unused)
{
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_NOTE &&
            read_notes((const char *)(uintptr_t)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr),
                       object->dlpi_phdr[i].p_memsz))
            break;
    return 1;
}

static void find_build(void)
{
    build = STR(QUERENT_VERSION); /* for a linker that gives no id */
    (void)dl_iterate_phdr(read_program, NULL);
}

struct cache_key cache_key_make(enum cache_type type, const struct str *parts, size_t count)
{
    pthread_once(&build_found, find_build);
    struct sha256 *sha = sha256_new();
    sha256_add_field(sha, build);
    sha256_add_field(sha, str_from(cache_type_name(type)));
    for (size_t i = 0; i < count; i++)
        sha256_add_field(sha, parts[i]);
    struct cache_key key;
    sha256_end_bytes(sha, key.bytes);
    return key;
}
