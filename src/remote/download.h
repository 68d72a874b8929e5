/* SPDX-License-Identifier: MIT */
/* download.h - remote_download() with settings of the caller's own. */
#ifndef REMOTE_DOWNLOAD_H
#define REMOTE_DOWNLOAD_H

#include "remote/remote.h"
#include "remote/settings.h"

MUST_USE int download_model(const struct remote_settings *settings,
                            const struct remote_model *m, download_fn watch,
                            void *ctx, char **path, struct err *err);

#endif
