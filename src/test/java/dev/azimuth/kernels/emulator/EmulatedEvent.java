package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.CudaDriver;
import dev.azimuth.kernels.CudaException;
import org.jspecify.annotations.Nullable;

/** A place in a stream's queue. */
final class EmulatedEvent implements CudaDriver.Event {
  private final EmulatedDriver driver;
  private @Nullable Mark mark;

  /** The work up to here. */
  record Mark(EmulatedStream stream, long last) {
    void run() {
      stream.runTo(last);
    }
  }

  EmulatedEvent(EmulatedDriver driver) {
    this.driver = driver;
  }

  Mark mark() {
    if (mark == null) {
      throw new CudaException(
          "cuStreamWaitEvent", "CUDA_ERROR_INVALID_HANDLE", "an event that wasn't recorded");
    }
    return mark;
  }

  @Override
  public void record(CudaDriver.Stream stream) {
    EmulatedStream of = (EmulatedStream) stream;
    mark = new Mark(of, of.queued());
  }

  @Override
  public void synchronize() {
    mark().run();
  }

  /** An emulator has no time of its own. */
  @Override
  public float millisecondsSince(CudaDriver.Event earlier) {
    mark();
    ((EmulatedEvent) earlier).mark();
    return 0;
  }

  @Override
  public void close() {
    driver.closed(this);
  }
}
