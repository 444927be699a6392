/*
 * Stand-in for VBoxHeadless on a machine that has no VirtualBox kernel driver.
 *
 * The stock executable insists on opening the driver. Its actual code sits in VBoxHeadless.so, though, and the runtime
 * library has a driverless mode: initialise that mode first, then enter the same code. The guest then runs in
 * VirtualBox's interpreter, which is slow (some million instructions per second) but is the real thing for the API.
 *
 * The machine needs the extra data VBoxInternal/HM/FallbackToIEM = 1. Meant for tests only.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef VIRTUALBOX_LIBRARIES
#define VIRTUALBOX_LIBRARIES "/usr/lib/virtualbox"
#endif

#define SUPPORT_FLAG_DRIVERLESS 4u /* SUPR3INIT_F_DRIVERLESS */

typedef int init_runtime_fn(int argc, char ***argv, uint32_t flags);
typedef int init_support_fn(uint32_t flags, void *session);
typedef int trusted_main_fn(int argc, char **argv, char **envp);

static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "driverless: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(1);
}

static void *symbol_of(const char *library, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", VIRTUALBOX_LIBRARIES, library);

    /* Later libraries look up symbols of the runtime, hence RTLD_GLOBAL. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!handle)
        fail("cannot load the library", dlerror());

    void *address = dlsym(handle, name);
    if (!address)
        fail("cannot find the entry point", dlerror());
    return address;
}

int main(int argc, char **argv, char **envp)
{
    /* Without this VirtualBox would look for its files beside the bind-mounted executable. */
    setenv("VBOX_APP_HOME", VIRTUALBOX_LIBRARIES, 0);

    init_runtime_fn *init_runtime = (init_runtime_fn *)symbol_of("VBoxRT.so", "RTR3InitExe");
    if (init_runtime(argc, &argv, 0) < 0)
        fail("the runtime library did not initialise", NULL);

    init_support_fn *init_support = (init_support_fn *)symbol_of("VBoxRT.so", "SUPR3InitEx");
    if (init_support(SUPPORT_FLAG_DRIVERLESS, NULL) < 0)
        fail("the driverless mode is not available", NULL);

    trusted_main_fn *trusted_main = (trusted_main_fn *)symbol_of("VBoxHeadless.so", "TrustedMain");
    return trusted_main(argc, argv, envp);
}
