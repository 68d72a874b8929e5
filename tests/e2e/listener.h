/* SPDX-License-Identifier: MIT */
/* listener.h - a port of this test that gives every request the same reply,
 * from a process of its own: what is not a language model's server. */
#ifndef TESTS_E2E_LISTENER_H
#define TESTS_E2E_LISTENER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "program.h"

struct listener {
    int   fd, port;
    pid_t pid;             /* 0: it only listens */
};

_Noreturn static inline void reply_to_all(int fd, const char *head,
                                          const char *body)
{
    for (;;) {
        int     conn = accept(fd, NULL, NULL);
        char    bytes[4096];
        ssize_t n;

        if (conn < 0) _exit(0);
        n = recv(conn, bytes, sizeof bytes, 0);
        dprintf(conn, "%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                n > 0 ? head : "", strlen(body), body);
        shutdown(conn, SHUT_WR);
        while (recv(conn, bytes, sizeof bytes, 0) > 0) {}
        close(conn);
    }
}

/* status 0: never answers, only holds the port. */
static inline void listener_start(struct listener *l, const char *body,
                                  int status)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t          size = sizeof here;

    *l = (struct listener){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
                                        0)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(l->fd, (struct sockaddr *)&here, sizeof here) ||
        getsockname(l->fd, (struct sockaddr *)&here, &size) ||
        listen(l->fd, 16))
        fail_msg("no port: %s", strerror(errno));
    l->port = ntohs(here.sin_port);
    if (status == 0) return;
    l->pid = fork();
    if (l->pid == 0) {
        char head[100];

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(head, sizeof head, "HTTP/1.1 %d Whatever\r\n"
                 "Content-Type: %s\r\n", status,
                 *body == '<' ? "text/html" : "application/json");
        reply_to_all(l->fd, head, body);
    }
}

static inline void listener_end(struct listener *l)
{
    close(l->fd);
    if (l->pid <= 0) return;
    kill(l->pid, SIGKILL);
    waitpid(l->pid, NULL, 0);
}

#endif
