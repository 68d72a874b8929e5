/* SPDX-License-Identifier: MIT */
/* machine_json.c - see machine_json.h. */
#include "machine_json.h"

#include "base/jsonx.h"

json_t *machine_json(const struct machine *m)
{
    json_t *o = json_object();

    jsonx_set_text(o, "board", m->board);
    jsonx_set_text(o, "cpu", m->cpu);
    json_object_set_new(o, "cores", m->cores > 0 ? json_integer(m->cores)
                                                 : json_null());
    jsonx_set_number(o, "memory_bytes", m->memory_bytes);
    jsonx_set_number(o, "available_bytes", m->available_bytes);
    jsonx_set_text(o, "os", m->os);
    jsonx_set_text(o, "kernel", m->kernel);
    jsonx_set_text(o, "arch", m->arch);
    json_object_set_new(o, "reload_degrades",
                        json_boolean(m->reload_degrades));
    return o;
}
