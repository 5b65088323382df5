package dev.azimuth.kernels;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One CUDA device and a context on it: as much of the driver API as the backend needs.
 *
 * <p>Copies, fills and launches are queued on a stream and return at once: the host's memory of a
 * copy belongs to the driver until the stream, or an event recorded after the copy, was waited for.
 * What is queued on one stream happens in order; between streams only events order anything. One
 * thread at a time uses a driver.
 *
 * <p>Every method throws {@link CudaException} where the driver reports a failure. A launch's own
 * faults may be reported by any later call.
 */
public interface CudaDriver extends AutoCloseable {
  /** The device's name, such as {@code NVIDIA A100-SXM4-40GB}. */
  String name();

  /** A limit or size of the device. */
  int attribute(DeviceAttribute attribute);

  /** The device's memory at this moment. */
  MemoryInfo memory();

  /**
   * Compiles PTX for the device.
   *
   * @param name what messages call it
   * @throws CudaException with the compiler's log where it refuses the text
   */
  Module load(String name, String ptx);

  /** Device memory of at least one byte, its content undefined, aligned to 256 bytes. */
  DevicePointer allocate(long bytes);

  /** Gives back what {@link #allocate} returned, after all that is queued. */
  void free(DevicePointer pointer);

  /** Page-locked host memory, from and to which copies are fast. */
  MemorySegment allocatePinned(long bytes);

  /** Gives back what {@link #allocatePinned} returned. */
  void freePinned(MemorySegment segment);

  /** Queues a copy of the whole native segment to the device. */
  void copyToDevice(DevicePointer to, MemorySegment from, Stream stream);

  /** Queues a copy from the device that fills the whole native segment. */
  void copyToHost(MemorySegment to, DevicePointer from, Stream stream);

  /** Queues a copy within the device; the two ranges must not overlap. */
  void copyOnDevice(DevicePointer to, DevicePointer from, long bytes, Stream stream);

  /** Queues the setting of bytes to a value. */
  void fill(DevicePointer to, byte value, long bytes, Stream stream);

  /**
   * Queues a launch.
   *
   * @param sharedBytes dynamic shared memory per block; beyond 48 KB, {@link
   *     FunctionAttribute#MAX_DYNAMIC_SHARED_BYTES} must be set before
   */
  void launch(
      Function function,
      Dim3 grid,
      Dim3 block,
      int sharedBytes,
      Stream stream,
      List<KernelArgument> arguments);

  /** A new stream, ordered with no other. */
  Stream stream();

  /** A new event. */
  Event event();

  /** Waits for all that is queued on any stream. */
  void synchronize();

  /** Waits, then gives back the context with everything in it. */
  @Override
  void close();

  /**
   * @param freeBytes what may still be allocated
   * @param totalBytes what the device has
   */
  record MemoryInfo(long freeBytes, long totalBytes) {}

  /** Loaded PTX. */
  interface Module extends AutoCloseable {
    /** The kernel of this {@code extern "C"} name. */
    Function function(String entry);

    /** Unloads it; its functions are unusable afterwards. */
    @Override
    void close();
  }

  /** A kernel of a module. */
  interface Function {
    String entry();

    int attribute(FunctionAttribute attribute);

    /** Raises the dynamic shared memory that a launch may ask for. */
    void allowDynamicShared(int bytes);
  }

  /** A queue of work. */
  interface Stream extends AutoCloseable {
    /** Waits until all that is queued here is done. */
    void synchronize();

    /** What is queued here from now on begins after the event, which must have been recorded. */
    void await(Event event);

    @Override
    void close();
  }

  /** A mark in a stream. */
  interface Event extends AutoCloseable {
    /** Marks the end of what is queued on the stream now. */
    void record(Stream stream);

    /** Waits until everything before the mark is done. */
    void synchronize();

    /** Milliseconds between an earlier event and this one; both must be done. */
    float millisecondsSince(Event earlier);

    @Override
    void close();
  }
}
