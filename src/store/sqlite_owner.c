/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes live.
 *
 * Each open store draws a random number and locks the byte at that offset in the file PATH-owners
 * (which stays empty: locks need no bytes). The kernel drops the lock when the process ends, by
 * kill -9 too, so the owner of a run is alive exactly while its byte is locked: no pid that may
 * have been given to another process, no heartbeat. The locks belong to the open file (OFD locks),
 * not to the process, so two stores in one process don't mistake each other, and a forked child
 * that runs another program does not inherit them (O_CLOEXEC).
 *
 * Byte 0 is held while a process opens and migrates, byte 1 while it indexes.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/random.h"

#define START_BYTE 0
#define INDEX_BYTE 1
#define START_TRIES 3000
#define START_TRY_MS 10

static int lock_byte(int fd, int command, short type, int64_t byte, struct flock *lock)
{
    *lock = (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do
        result = fcntl(fd, command, lock);
    while (result != 0 && errno == EINTR);
    return result;
}

bool sqlite_owner_open(struct sqlite_owner *owner, const char *database, struct error *err)
{
    struct error reason;
    size_t size = strlen(database) + sizeof("-owners");
    char *path = xcalloc(size, 1);
    memcpy(path, database, strlen(database));
    memcpy(path + strlen(database), "-owners", sizeof("-owners"));

    uint64_t number;
    random_bytes(&number, sizeof(number));
    owner->number = (int64_t)(number >> 2 | UINT64_C(1) << 32); /* none of the first bytes */
    owner->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock lock;
    bool done =
        owner->fd >= 0 && lock_byte(owner->fd, F_OFD_SETLK, F_WRLCK, owner->number, &lock) == 0;
    if (!done) {
        error_set(&reason, ERROR_CONFIG,
                  "'%s' can't be made or locked (%s); the store needs a folder that this user can "
                  "write to, on a file system with locks; see DATABASE_URL",
                  path, strerror(errno));
        sqlite_owner_close(owner);
        if (err)
            *err = reason;
    }
    free(path);
    return done;
}

void sqlite_owner_close(struct sqlite_owner *owner)
{
    if (owner->fd >= 0)
        close(owner->fd);
    owner->fd = -1;
}

bool sqlite_owner_lock_start(struct sqlite_owner *owner, struct error *err)
{
    struct flock lock;
    for (int i = 0; i < START_TRIES; i++) {
        if (lock_byte(owner->fd, F_OFD_SETLK, F_WRLCK, START_BYTE, &lock) == 0)
            return true;
        if (errno != EAGAIN && errno != EACCES)
            return error_set(err, ERROR_STORE, "locking failed (%s)", strerror(errno));
        poll(NULL, 0, START_TRY_MS);
    }
    return error_set(err, ERROR_STORE,
                     "another process has been opening it for 30 seconds; try again");
}

void sqlite_owner_unlock_start(struct sqlite_owner *owner)
{
    struct flock lock;
    (void)lock_byte(owner->fd, F_OFD_SETLK, F_UNLCK, START_BYTE, &lock);
}

bool sqlite_owner_lock_index(struct sqlite_owner *owner, bool *locked, struct error *err)
{
    struct flock lock;
    *locked = lock_byte(owner->fd, F_OFD_SETLK, F_WRLCK, INDEX_BYTE, &lock) == 0;
    return *locked || errno == EAGAIN || errno == EACCES ||
           error_set(err, ERROR_STORE, "locking failed (%s)", strerror(errno));
}

void sqlite_owner_unlock_index(struct sqlite_owner *owner)
{
    struct flock lock;
    (void)lock_byte(owner->fd, F_OFD_SETLK, F_UNLCK, INDEX_BYTE, &lock);
}

bool sqlite_owner_is_alive(const struct sqlite_owner *owner, int64_t number)
{
    struct flock lock;
    if (number <= INDEX_BYTE)
        return false;
    /* When in doubt it lives: an active run is marked at a later start. */
    return lock_byte(owner->fd, F_OFD_GETLK, F_WRLCK, number, &lock) != 0 || lock.l_type != F_UNLCK;
}
