/* The interface of libfuse 3.1, which every later 3.x has. */
#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>
