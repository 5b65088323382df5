package dev.azimuth.tensor.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Files that appear whole or not at all.
 *
 * <p>The content goes into {@code NAME.tmp-XXXXXXXX} beside the target, is forced to the disk and
 * then renamed over the target in one step. On any failure (also of the writing code itself) the
 * temporary file is deleted and an older target is left as it was. Only a process that is killed
 * outright can leave a temporary file; it never leaves a partial target.
 *
 * <p>A target that is a device or a pipe ({@code /dev/stdout}) is written directly, since there is
 * nothing to rename; a symbolic link stays a link and the file behind it is replaced.
 */
public final class AtomicFile {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int STEM_LETTERS = 48;

  private AtomicFile() {}

  /** Writes a file's content, front to back. */
  @FunctionalInterface
  public interface Body {
    /** The stream is buffered; it need not be flushed or closed. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Replaces or creates {@code target} with what {@code body} writes.
   *
   * @throws IOException naming the target and the reason if it cannot be written; what {@code body}
   *     throws for reasons of its own passes through unchanged
   */
  public static void write(Path target, Body body) throws IOException {
    Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
    if (Files.isDirectory(real)) {
      throw new IOException("cannot write " + target + ": it is a folder");
    }
    if (Files.exists(real) && !Files.isRegularFile(real)) {
      try (FileChannel channel = open(target, real, StandardOpenOption.WRITE)) {
        fill(target, channel, body);
      }
      return;
    }
    Path folder = real.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IOException("cannot write " + target + ": there is no folder " + folder);
    }
    Path temporary = folder.resolve(temporaryName(real));
    boolean renamed = false;
    FileChannel channel =
        open(target, temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    try {
      try (channel) {
        fill(target, channel, body);
        force(target, channel);
      }
      rename(target, temporary, real);
      renamed = true;
    } finally {
      if (!renamed) {
        Files.deleteIfExists(temporary);
      }
    }
    forceFolder(folder);
  }

  /** Replaces or creates {@code target} with these bytes. */
  public static void write(Path target, byte[] content) throws IOException {
    write(target, out -> out.write(content));
  }

  /** Replaces or creates {@code target} with this text in UTF-8. */
  public static void writeString(Path target, CharSequence text) throws IOException {
    write(target, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static FileChannel open(Path target, Path opened, StandardOpenOption... options)
      throws IOException {
    try {
      return FileChannel.open(opened, options);
    } catch (IOException e) {
      throw IoReason.cannotWrite(target, e);
    }
  }

  private static void fill(Path target, FileChannel channel, Body body) throws IOException {
    // not closed: closing would flush after a failure and hide its reason behind a second one
    OutputStream out = new BufferedOutputStream(new Channel(target, channel), BUFFER_BYTES);
    body.writeTo(out);
    out.flush();
  }

  private static void force(Path target, FileChannel channel) throws IOException {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw IoReason.cannotWrite(target, e);
    }
  }

  private static void rename(Path target, Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw IoReason.cannotWrite(target, e);
    }
  }

  /** Makes the rename itself survive a power cut, where the system lets a folder be opened. */
  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException _) {
      // Windows opens no folders; the file itself is complete either way
    }
  }

  private static String temporaryName(Path target) {
    Path name = target.getFileName();
    // a name at the system's length limit must leave room for the suffix
    String stem =
        String.valueOf(name)
            .codePoints()
            .limit(STEM_LETTERS)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return "%s.tmp-%08x".formatted(stem, ThreadLocalRandom.current().nextInt());
  }

  /** The channel as a stream whose failures name the target. */
  private static final class Channel extends OutputStream {
    private final Path target;
    private final FileChannel channel;

    Channel(Path target, FileChannel channel) {
      this.target = target;
      this.channel = channel;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      try {
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      } catch (IOException e) {
        throw IoReason.cannotWrite(target, e);
      }
    }
  }
}
