/* SPDX-License-Identifier: MIT */
/* version.h - of the program; of the definitions: METHOD_VERSION in types.h. */
#ifndef VERSION_H
#define VERSION_H

#define AUDITION_VERSION "0.1.0"

#endif
