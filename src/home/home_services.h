/* SPDX-License-Identifier: MIT */
/* home_services.h - Home Assistant's services: what there is, what each takes
 * and what it does. home_services.c finds the targets and checks the data
 * before anything is done. */
#ifndef HOME_SERVICES_H
#define HOME_SERVICES_H

#include <jansson.h>
#include <stdbool.h>

#include "home/home_beside.h"

#define SERVICE_FIELDS 9   /* the last one is always empty */

enum field_kind { FIELD_TEXT, FIELD_WHOLE, FIELD_NUMBER, FIELD_TRUTH,
                  FIELD_COLOR, FIELD_ANY };

/* A member of a service's data. */
struct service_field {
    const char     *name;
    enum field_kind kind;
    double          min, max;        /* of FIELD_WHOLE and FIELD_NUMBER */
    bool            is_required;
};

/* What a service does to one target; only its device may change. */
typedef enum home_effect service_act(struct home *h, struct entity *e,
                                     const json_t *data, int what);

/* What a service does to what is no device: an answer as the intent tools
 * give it; e is the target. */
typedef json_t *service_kept(struct home *h, struct entity *e,
                             const json_t *data);

struct service {
    const char          *domain, *name;
    service_act         *act;        /* this, or                           */
    service_kept        *kept;       /* this                               */
    int                  what;       /* for act                            */
    bool                 is_one;     /* kept, and its one target is named  */
    struct service_field fields[SERVICE_FIELDS];   /* until a NULL name    */
};

/* home_service_acts.c and home_service_kept.c: each ends with a NULL name. */
extern const struct service home_service_acts[];
extern const struct service home_service_kept[];

/* The entities that homeassistant.turn_on and the like may be called with. */
bool home_can_be_switched(const struct entity *e);

#endif
