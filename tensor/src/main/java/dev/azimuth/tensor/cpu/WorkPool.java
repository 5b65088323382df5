package dev.azimuth.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of threads that run numbered tasks, the caller among them.
 *
 * <p>Who runs which task is left to chance; results keep the same bits on any number of threads
 * because callers cut their work into tasks that don't depend on it and that write disjoint places.
 */
final class WorkPool implements AutoCloseable {
  // an idle worker looks this often for new work before it sleeps; longer spins take the core from
  // the caller where threads outnumber cores
  private static final int SPINS = 2_000;

  private final Thread[] workers;
  private volatile @Nullable Job current;
  private volatile boolean isClosed;
  private final ThreadLocal<Boolean> isInside = ThreadLocal.withInitial(() -> false);

  private static final class Job {
    final int tasks;
    final IntConsumer body;
    final Thread caller;
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger unfinished;
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Job(int tasks, IntConsumer body) {
      this.tasks = tasks;
      this.body = body;
      this.caller = Thread.currentThread();
      this.unfinished = new AtomicInteger(tasks);
    }

    void work() {
      for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
        try {
          if (failure.get() == null) {
            body.accept(i);
          }
        } catch (Throwable t) {
          failure.compareAndSet(null, t);
        } finally {
          if (unfinished.decrementAndGet() == 0) {
            LockSupport.unpark(caller);
          }
        }
      }
    }

    boolean hasWork() {
      return next.get() < tasks;
    }
  }

  /** A pool of {@code threads} threads, the caller's own included. */
  WorkPool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
    }
    workers = new Thread[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Thread(this::serve, "azimuth-cpu-" + (i + 1));
      workers[i].setDaemon(true);
      workers[i].start();
    }
  }

  /** Number of threads, the caller's included. */
  int threads() {
    return workers.length + 1;
  }

  /**
   * Runs {@code body} for 0 .. tasks - 1 and returns when all are done; the first failure is
   * rethrown. A call from inside a task runs on that task's thread alone.
   */
  void run(int tasks, IntConsumer body) {
    if (tasks <= 0) {
      return;
    }
    if (tasks == 1 || workers.length == 0 || isInside.get()) {
      for (int i = 0; i < tasks; i++) {
        body.accept(i);
      }
      return;
    }
    runShared(new Job(tasks, body));
  }

  // one job at a time: callers on several threads take turns
  private synchronized void runShared(Job job) {
    current = job;
    for (Thread worker : workers) {
      LockSupport.unpark(worker);
    }
    isInside.set(true);
    try {
      job.work();
    } finally {
      isInside.set(false);
    }
    int spins = 0;
    while (job.unfinished.get() > 0) {
      if (spins++ < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, 50_000);
      }
    }
    current = null;
    Throwable failure = job.failure.get();
    if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    }
  }

  private void serve() {
    isInside.set(true);
    int spins = 0;
    while (!isClosed) {
      Job job = current;
      if (job != null && job.hasWork()) {
        job.work();
        spins = 0;
      } else if (spins++ < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
        spins = 0;
      }
    }
  }

  @Override
  public void close() {
    isClosed = true;
    for (Thread worker : workers) {
      LockSupport.unpark(worker);
    }
  }
}
