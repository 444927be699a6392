/* What the same calls cost written by hand, for bench-xpcom: each slot of VirtualBox 7.2 called directly, every
 * result given back as its owner wants it. Prints microseconds per call; without arguments, only connects, so that
 * the memory of the library itself can be looked at.
 *
 *   bench-xpcom-bare [MACHINE attribute|text|machines|types CALLS]
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct functions {
    uint32_t size, version;
    uint32_t (*get_version)(void), (*get_api_version)(void);
    uint32_t (*client_initialize)(const char *, void **);
    void *threads_and_deprecated[5];
    void (*free)(void *);
    void *texts_and_arrays[12];
    uint32_t (*get_exception)(void **), (*clear_exception)(void);
};

typedef uint32_t (*slot)(void *, ...);
#define CALL(object, number, ...) ((*(slot **)(object))[number]((object), ##__VA_ARGS__))
enum { RELEASE = 2, CLIENT_VIRTUALBOX = 3, GET_MACHINES = 13, GET_OS_TYPES = 19, FIND_MACHINE = 49, MEMORY_SIZE = 29 };

static struct functions *api;
static void *vbox, *machine;
static uint16_t name[256];

static void attribute(void) {
    uint32_t size = 0;
    api->clear_exception();
    if (CALL(machine, MEMORY_SIZE, &size) || !size) abort();
}

static void text_in(void) {
    void *found = 0;
    api->clear_exception();
    if (CALL(vbox, FIND_MACHINE, name, &found)) abort();
    CALL(found, RELEASE);
}

static void objects(int number) {
    uint32_t count = 0;
    void **found = 0;
    api->clear_exception();
    if (CALL(vbox, number, &count, &found)) abort();
    for (uint32_t i = 0; i < count; i++) CALL(found[i], RELEASE);
    api->free(found);
}

static void machines(void) { objects(GET_MACHINES); }
static void types(void) { objects(GET_OS_TYPES); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int count, char **words) {
    void *library = dlopen("/usr/lib/virtualbox/VBoxXPCOMC.so", RTLD_NOW), *client = 0;
    struct functions *(*get)(uint32_t) = library ? dlsym(library, "VBoxGetCAPIFunctions") : 0;
    if (!get || !(api = get(0x40000)) || api->client_initialize(0, &client) || CALL(client, CLIENT_VIRTUALBOX, &vbox)) return 1;
    if (count < 4) {
        struct rusage used;
        getrusage(RUSAGE_SELF, &used);
        printf("%ld\n", used.ru_maxrss);
        return 0;
    }
    for (size_t i = 0; words[1][i] && i < 255; i++) name[i] = words[1][i];
    if (CALL(vbox, FIND_MACHINE, name, &machine)) return 1;
    long calls = atol(words[3]);
    void (*call)(void) = !strcmp(words[2], "attribute") ? attribute : !strcmp(words[2], "text") ? text_in : !strcmp(words[2], "machines") ? machines : types;
    call();
    double begin = now();
    for (long i = 0; i < calls; i++) call();
    printf("%.2f\n", (now() - begin) / calls);
    return 0;
}
