#!/bin/sh
# SPDX-License-Identifier: MIT
# The real llama-server, with the fault that its model's name asks for.
# faults.sh names: REAL_SERVER, ILLEGAL, FAULT_CGROUP.

# signal_when SIGNAL TEXT: as soon as the log, which is our stderr, has TEXT.
signal_when() {
    log=$(readlink /proc/$$/fd/2)
    (
        until grep -q "$2" "$log"; do sleep 0.01; done
        kill -"$1" $$
    ) </dev/null >/dev/null 2>&1 &
}

# In an answer: a prompt is read when its sampler is made, and the tokens of
# the third and later answers take longer than it takes us to notice.
streaming='task [0-9]* | init sampler'
loading='load_tensors: loading'

case $* in
*/as-150.gguf*) ulimit -v $((150 << 10)) ;;
*/as-340.gguf*) ulimit -v $((340 << 10)) ;;
*/as-400.gguf*) ulimit -v $((400 << 10)) ;;
*/cgroup.gguf*) echo $$ >"$FAULT_CGROUP/cgroup.procs" ;;
*/kill-load.gguf*) signal_when KILL "$loading" ;;
*/segv-load.gguf*) signal_when SEGV "$loading" ;;
*/abort-load.gguf*) signal_when ABRT "$loading" ;;
*/kill-stream.gguf*) signal_when KILL "$streaming" ;;
*/segv-stream.gguf*) signal_when SEGV "$streaming" ;;
*/stop-stream.gguf*) signal_when STOP "$streaming" ;;
*/illegal.gguf*) exec "$ILLEGAL" ;;
esac
exec "$REAL_SERVER" "$@"
