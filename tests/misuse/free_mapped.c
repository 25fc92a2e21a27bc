/* SPDX-License-Identifier: MIT */
/* stops: foreign address; it lies in no block */
/* What came from mmap is given to free. */
#include <stdlib.h>
#include <sys/mman.h>

int main(void)
{
    free(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
              -1, 0));
    return 0;
}
