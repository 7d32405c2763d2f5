
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Memory that fails when a test wants it to.  The nginx with sanitizers is
 * linked with it (tools/build-asan.sh): each malloc() and posix_memalign() of
 * nginx comes here, and with NGX_DEBUG_PALLOC each ngx_palloc() is one.
 *
 * LLM_NOMEM names a file that the test and nginx share, of four 32-bit words.
 * Without it, memory is what it always is.
 */


#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


typedef struct {
    uint32_t  left;     /* so many more, and the last of them fails; or 0 */
    uint32_t  one_in;   /* of so many one fails, at random; or 0 */
    uint32_t  failed;   /* so many have */
    uint32_t  unused;
} nomem_t;


void *__real_malloc(size_t size);
int __real_posix_memalign(void **p, size_t alignment, size_t size);

void *__wrap_malloc(size_t size);
int __wrap_posix_memalign(void **p, size_t alignment, size_t size);


static volatile nomem_t  *nomem;


__attribute__((constructor))
static void
nomem_open(void)
{
    int          fd;
    void        *p;
    const char  *name;

    name = getenv("LLM_NOMEM");

    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR);

    if (fd == -1) {
        return;
    }

    p = mmap(NULL, sizeof(nomem_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    if (p != MAP_FAILED) {
        nomem = p;
    }

    (void) close(fd);
}


/* of each process its own */

static uint32_t
nomem_random(void)
{
    static pid_t     pid;
    static uint32_t  state;

    if (pid != getpid()) {
        pid = getpid();
        state = (uint32_t) pid * 2654435761U;
    }

    state = state * 1664525U + 1013904223U;

    return state >> 8;
}


static int
nomem_fails(void)
{
    int  fails;

    if (nomem == NULL) {
        return 0;
    }

    fails = (nomem->left && --nomem->left == 0)
            || (nomem->one_in && nomem_random() % nomem->one_in == 0);

    if (fails) {
        (void) __sync_fetch_and_add(&nomem->failed, 1);
    }

    return fails;
}


void *
__wrap_malloc(size_t size)
{
    if (nomem_fails()) {
        errno = ENOMEM;
        return NULL;
    }

    return __real_malloc(size);
}


int
__wrap_posix_memalign(void **p, size_t alignment, size_t size)
{
    return nomem_fails() ? ENOMEM : __real_posix_memalign(p, alignment, size);
}
