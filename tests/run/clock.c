/* Moves the clock that says the date by DREMPEL_CLOCK seconds, for a process and all it starts (LD_PRELOAD).
 * Clocks that measure how long something takes go on as they are. Whoever waits until a moment of the moved clock, as
 * Firefox does at its end, waits until that of the real one: else it would wait for years. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long moved;

__attribute__((constructor)) static void begin(void) {
  const char *seconds = getenv("DREMPEL_CLOCK");
  moved = seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += moved;
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec at;
  int result = clock_gettime(CLOCK_REALTIME, &at);
  now->tv_sec = at.tv_sec;
  now->tv_usec = at.tv_nsec / 1000;
  return result;
}

time_t time(time_t *now) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (now) *now = at.tv_sec;
  return at.tv_sec;
}

/* A moment as the kernel knows it. Those of a clock that measures are far below, and stay as they are. */
static const struct timespec *really(const struct timespec *until, struct timespec *room) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (!moved || until->tv_sec < now.tv_sec - labs(moved) / 2) return until;
  *room = *until;
  room->tv_sec -= moved;
  return room;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  struct timespec room;
  /* The first version of this function, which is kept for old programs, knows other conditions. */
  if (!real) real = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!real) real = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  return real(cond, mutex, really(until, &room));
}

int sem_timedwait(sem_t *sem, const struct timespec *until) {
  static int (*real)(sem_t *, const struct timespec *);
  struct timespec room;
  if (!real) real = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
  return real(sem, really(until, &room));
}
