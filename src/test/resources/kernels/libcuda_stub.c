/* A libcuda.so.1 without a GPU: the driver functions that JCudaDevice calls, with the driver's own
 * signatures, each handed on to a function of the same name that the test binds. What isn't bound
 * answers CUDA_ERROR_NOT_INITIALIZED; what isn't here fails when it is called. */
#include <stddef.h>
#include <string.h>

typedef unsigned long long Address;
typedef void *Handle;

#define FUNCTIONS(X)                                                                               \
  X(cuInit, (unsigned flags), (flags))                                                             \
  X(cuDeviceGetCount, (int *count), (count))                                                       \
  X(cuDeviceGet, (int *device, int ordinal), (device, ordinal))                                    \
  X(cuDeviceGetName, (char *name, int length, int device), (name, length, device))                 \
  X(cuDeviceGetAttribute, (int *value, int attribute, int device), (value, attribute, device))     \
  X(cuCtxCreate_v2, (Handle * context, unsigned flags, int device), (context, flags, device))      \
  X(cuCtxSetCurrent, (Handle context), (context))                                                  \
  X(cuCtxSynchronize, (void), ())                                                                  \
  X(cuCtxDestroy_v2, (Handle context), (context))                                                  \
  X(cuMemGetInfo_v2, (size_t * available, size_t * total), (available, total))                     \
  X(cuMemAlloc_v2, (Address * pointer, size_t bytes), (pointer, bytes))                            \
  X(cuMemFree_v2, (Address pointer), (pointer))                                                    \
  X(cuMemHostAlloc, (void **pointer, size_t bytes, unsigned flags), (pointer, bytes, flags))       \
  X(cuMemFreeHost, (void *pointer), (pointer))                                                     \
  X(cuMemcpyHtoDAsync_v2, (Address to, const void *from, size_t bytes, Handle stream),             \
    (to, from, bytes, stream))                                                                     \
  X(cuMemcpyDtoHAsync_v2, (void *to, Address from, size_t bytes, Handle stream),                   \
    (to, from, bytes, stream))                                                                     \
  X(cuMemcpyDtoDAsync_v2, (Address to, Address from, size_t bytes, Handle stream),                 \
    (to, from, bytes, stream))                                                                     \
  X(cuMemsetD8Async, (Address to, unsigned char value, size_t bytes, Handle stream),               \
    (to, value, bytes, stream))                                                                    \
  X(cuModuleLoadDataEx,                                                                            \
    (Handle * module, const void *image, unsigned count, int *options, void **values),             \
    (module, image, count, options, values))                                                       \
  X(cuModuleUnload, (Handle module), (module))                                                     \
  X(cuModuleGetFunction, (Handle * function, Handle module, const char *name),                     \
    (function, module, name))                                                                      \
  X(cuFuncGetAttribute, (int *value, int attribute, Handle function),                              \
    (value, attribute, function))                                                                  \
  X(cuFuncSetAttribute, (Handle function, int attribute, int value), (function, attribute, value)) \
  X(cuLaunchKernel,                                                                                \
    (Handle function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,             \
     unsigned bz, unsigned shared, Handle stream, void **params, void **extra),                    \
    (function, gx, gy, gz, bx, by, bz, shared, stream, params, extra))                             \
  X(cuStreamCreate, (Handle * stream, unsigned flags), (stream, flags))                            \
  X(cuStreamSynchronize, (Handle stream), (stream))                                                \
  X(cuStreamWaitEvent, (Handle stream, Handle event, unsigned flags), (stream, event, flags))      \
  X(cuStreamDestroy_v2, (Handle stream), (stream))                                                 \
  X(cuEventCreate, (Handle * event, unsigned flags), (event, flags))                               \
  X(cuEventRecord, (Handle event, Handle stream), (event, stream))                                 \
  X(cuEventSynchronize, (Handle event), (event))                                                   \
  X(cuEventElapsedTime, (float *milliseconds, Handle start, Handle end),                           \
    (milliseconds, start, end))                                                                    \
  X(cuEventDestroy_v2, (Handle event), (event))

enum { NOT_INITIALIZED = 3 };

#define HAND_ON(name, parameters, arguments)                                                       \
  static int(*to_##name) parameters;                                                               \
  int name parameters { return to_##name ? to_##name arguments : NOT_INITIALIZED; }
FUNCTIONS(HAND_ON)

/* Hands calls of a function on to another of its signature; 0 where there is no such function. */
int azimuth_bind(const char *function, void *target) {
#define BIND(name, parameters, arguments)                                                          \
  if (strcmp(function, #name) == 0) {                                                              \
    *(void **)&to_##name = target;                                                                 \
    return 1;                                                                                      \
  }
  FUNCTIONS(BIND)
  return 0;
}
