package dev.azimuth.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class WorkPoolTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void runsEveryTaskOnce(int threads) {
    try (WorkPool pool = new WorkPool(threads)) {
      assertEquals(threads, pool.threads());
      for (int tasks : new int[] {0, 1, 2, 3, 100, 10_007}) {
        AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
        pool.run(tasks, runs::incrementAndGet);
        for (int i = 0; i < tasks; i++) {
          assertEquals(1, runs.get(i));
        }
      }
    }
  }

  @Test
  void runsManySmallJobs() {
    try (WorkPool pool = new WorkPool(3)) {
      // plain writes: run must also make them visible to the caller
      int[] results = new int[5];
      for (int job = 1; job <= 50_000; job++) {
        int value = job;
        pool.run(results.length, i -> results[i] = value * i);
        for (int i = 0; i < results.length; i++) {
          assertEquals(value * i, results[i]);
        }
      }
    }
  }

  @Test
  void tasksRunOnSeveralThreadsAtOnce() throws InterruptedException {
    try (WorkPool pool = new WorkPool(3)) {
      CountDownLatch all = new CountDownLatch(3);
      AtomicInteger waited = new AtomicInteger();
      pool.run(
          3,
          _ -> {
            all.countDown();
            try {
              waited.addAndGet(all.await(30, TimeUnit.SECONDS) ? 1 : 0);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      assertEquals(3, waited.get());
    }
  }

  @Test
  void sleepingThreadsWakeUp() throws InterruptedException {
    try (WorkPool pool = new WorkPool(2)) {
      for (int round = 0; round < 3; round++) {
        Thread.sleep(50);
        AtomicInteger count = new AtomicInteger();
        pool.run(1000, _ -> count.incrementAndGet());
        assertEquals(1000, count.get());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void rethrowsAFailureAndStaysUsable(int threads) {
    try (WorkPool pool = new WorkPool(threads)) {
      for (int failing : new int[] {0, 57, 99}) {
        IllegalStateException wanted = new IllegalStateException("task " + failing);
        assertSame(
            wanted,
            assertThrows(
                IllegalStateException.class,
                () ->
                    pool.run(
                        100,
                        i -> {
                          if (i == failing) {
                            throw wanted;
                          }
                        })));
        AtomicInteger count = new AtomicInteger();
        pool.run(100, _ -> count.incrementAndGet());
        assertEquals(100, count.get());
      }
      OutOfMemoryError error = new OutOfMemoryError("made up");
      assertSame(
          error,
          assertThrows(
              OutOfMemoryError.class,
              () ->
                  pool.run(
                      10,
                      _ -> {
                        throw error;
                      })));
    }
  }

  @Test
  void nestedRunsStayOnTheirThread() {
    try (WorkPool pool = new WorkPool(3)) {
      AtomicInteger count = new AtomicInteger();
      pool.run(
          20,
          _ -> {
            Thread outer = Thread.currentThread();
            pool.run(
                10,
                _ -> {
                  assertSame(outer, Thread.currentThread());
                  pool.run(2, _ -> count.incrementAndGet());
                });
          });
      assertEquals(400, count.get());
      assertThrows(
          ArithmeticException.class,
          () -> pool.run(4, _ -> pool.run(4, j -> Math.floorDiv(1, j - 2))));
    }
  }

  @Test
  void callersTakeTurns() throws InterruptedException {
    try (WorkPool pool = new WorkPool(2)) {
      AtomicLong sum = new AtomicLong();
      List<Thread> callers = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        callers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int job = 0; job < 500; job++) {
                        pool.run(7, sum::addAndGet);
                      }
                    }));
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertEquals(4 * 500 * 21, sum.get());
    }
  }

  @Test
  void closeEndsTheThreads() throws InterruptedException {
    Set<Thread> workers = ConcurrentHashMap.newKeySet();
    WorkPool pool = new WorkPool(3);
    CountDownLatch all = new CountDownLatch(3);
    pool.run(
        3,
        _ -> {
          workers.add(Thread.currentThread());
          all.countDown();
          try {
            assertTrue(all.await(30, TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            fail(e);
          }
        });
    pool.close();
    pool.close();
    assertTrue(workers.remove(Thread.currentThread()));
    assertEquals(2, workers.size());
    for (Thread worker : workers) {
      assertTrue(worker.join(Duration.ofSeconds(30)), worker + " still runs");
    }
  }

  @Test
  void needsAThread() {
    assertThrows(IllegalArgumentException.class, () -> new WorkPool(0));
    assertFalse(Thread.currentThread().isInterrupted());
  }
}
