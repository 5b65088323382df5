package dev.azimuth.tensor;

/**
 * Opens the backends of one kind of device. Found by {@link java.util.ServiceLoader}, so that what
 * a device needs is touched only where the device is asked for.
 */
public interface BackendProvider {
  /** What the names of its devices begin with, such as {@code cuda} in {@code cuda:0}. */
  String kind();

  /**
   * The backend of one of its devices.
   *
   * @param index which one, from 0
   * @throws IllegalArgumentException with one line that says what is missing, if this machine has
   *     no such device
   */
  Backend open(int index);
}
