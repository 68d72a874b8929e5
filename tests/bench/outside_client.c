/* SPDX-License-Identifier: MIT */
/* outside_client.c - times the same forced decode as audition does, with
 * nothing of audition in it: one socket, read(2), clock_gettime. Prints
 * tokens per second: (tokens at last - at first) / (last - first arrival).
 *
 *   outside_client PORT KEY PROMPT_TOKENS N_PREDICT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int connect_to(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int                on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_port = htons((unsigned short)port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static void send_request(int fd, const char *key, int prompt, int predict)
{
    static char body[1 << 16], head[1024];
    size_t      n = 0;

    n += (size_t)snprintf(body + n, sizeof body - n, "{\"prompt\":[");
    for (int i = 0; i < prompt; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, "%s%d",
                              i ? "," : "", 300 + i);
    n += (size_t)snprintf(body + n, sizeof body - n, "],\"n_predict\":%d,"
                          "\"ignore_eos\":true,\"cache_prompt\":false,"
                          "\"stream\":true,\"timings_per_token\":true,"
                          "\"temperature\":0}", predict);
    snprintf(head, sizeof head, "POST /completion HTTP/1.1\r\n"
             "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
             "Content-Type: application/json\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n", key, n);
    if (write(fd, head, strlen(head)) < 0 || write(fd, body, n) < 0) exit(1);
}

int main(int argc, char **argv)
{
    static char text[8 << 20];
    size_t      used = 0, seen = 0;
    double      first_s = 0, last_s = 0;
    long        first_n = 0, last_n = 0;
    ssize_t     got;
    int         fd;

    if (argc != 5) return 2;
    fd = connect_to((int)strtol(argv[1], NULL, 10));
    send_request(fd, argv[2], (int)strtol(argv[3], NULL, 10),
                 (int)strtol(argv[4], NULL, 10));
    while (used < sizeof text - 1 &&
           (got = read(fd, text + used, sizeof text - 1 - used)) > 0) {
        double at = now_s();
        char  *event, *end;

        used += (size_t)got;
        text[used] = '\0';
        while ((event = strstr(text + seen, "data: ")) &&
               (end = strstr(event, "\n\n"))) {
            char *stop = strstr(event, "\"stop\":false");
            char *n    = strstr(event, "\"predicted_n\":");

            if (stop && stop < end && n && n < end) {
                last_n = strtol(n + 14, NULL, 10);
                last_s = at;
                if (first_n == 0) {
                    first_n = last_n;
                    first_s = at;
                }
            }
            seen = (size_t)(end - text);
        }
    }
    close(fd);
    if (last_n <= first_n) return 1;
    printf("%.3f\n", (double)(last_n - first_n) / (last_s - first_s));
    return 0;
}
