package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.CudaDriver;
import java.util.ArrayDeque;
import java.util.Deque;

/** A stream whose work waits as long as it may: until somebody waits for it. */
final class EmulatedStream implements CudaDriver.Stream {
  private final EmulatedDriver driver;
  private final Deque<Runnable> queue = new ArrayDeque<>();
  private long queued;
  private long done;

  EmulatedStream(EmulatedDriver driver) {
    this.driver = driver;
  }

  void add(Runnable work) {
    queue.add(work);
    queued++;
  }

  long queued() {
    return queued;
  }

  /** Does the work up to and including this one, counted from the stream's beginning. */
  void runTo(long last) {
    while (done < last) {
      done++;
      queue.remove().run();
    }
  }

  @Override
  public void synchronize() {
    runTo(queued);
  }

  @Override
  public void await(CudaDriver.Event event) {
    EmulatedEvent mark = (EmulatedEvent) event;
    EmulatedEvent.Mark now = mark.mark();
    add(now::run);
  }

  @Override
  public void close() {
    synchronize();
    driver.closed(this);
  }
}
