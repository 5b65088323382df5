package dev.azimuth.tensor.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The header of an npy file: a Python dictionary of exactly three entries.
 *
 * @param type how one value is stored
 * @param order the byte order
 * @param fortranOrder whether the first index runs fastest
 * @param shape the extents
 */
record NpyHeader(Type type, ByteOrder order, boolean fortranOrder, int[] shape) {
  /** More than any shape of numbers needs; record types, which need more, are refused anyway. */
  static final int MAX_BYTES = 1 << 16;

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;

  /** A stored number type, named as in the header without its byte order. */
  enum Type {
    F2(2) {
      @Override
      double read(ByteBuffer in) {
        return Float.float16ToFloat(in.getShort());
      }
    },
    F4(4) {
      @Override
      double read(ByteBuffer in) {
        return in.getFloat();
      }
    },
    F8(8) {
      @Override
      double read(ByteBuffer in) {
        return in.getDouble();
      }
    },
    I1(1) {
      @Override
      double read(ByteBuffer in) {
        return in.get();
      }
    },
    I2(2) {
      @Override
      double read(ByteBuffer in) {
        return in.getShort();
      }
    },
    I4(4) {
      @Override
      double read(ByteBuffer in) {
        return in.getInt();
      }
    },
    I8(8) {
      @Override
      double read(ByteBuffer in) {
        return in.getLong();
      }
    },
    U1(1) {
      @Override
      double read(ByteBuffer in) {
        return in.get() & 0xFF;
      }
    },
    U2(2) {
      @Override
      double read(ByteBuffer in) {
        return in.getShort() & 0xFFFF;
      }
    },
    U4(4) {
      @Override
      double read(ByteBuffer in) {
        return in.getInt() & 0xFFFF_FFFFL;
      }
    },
    B1(1) {
      @Override
      double read(ByteBuffer in) {
        return in.get() == 0 ? 0 : 1;
      }
    };

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }

    int bytes() {
      return bytes;
    }

    abstract double read(ByteBuffer in);

    static @Nullable Type named(String name) {
      return Arrays.stream(values())
          .filter(type -> name.equals(type.name().toLowerCase(Locale.ROOT)))
          .findFirst()
          .orElse(null);
    }
  }

  static boolean hasMagic(ByteBuffer start) {
    for (int i = 0; i < MAGIC.length; i++) {
      if (start.get(i) != MAGIC[i]) {
        return false;
      }
    }
    return true;
  }

  /** Magic, version 1.0, length and dictionary, padded so that the data start at 64 bytes. */
  static byte[] encode(String descr, int... shape) {
    String extents = Arrays.stream(shape).mapToObj(n -> n + ",").collect(Collectors.joining(" "));
    if (shape.length > 1) {
      extents = extents.substring(0, extents.length() - 1);
    }
    String dictionary =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }".formatted(descr, extents);
    int unpadded = MAGIC.length + 4 + dictionary.length() + 1;
    int padding = Math.ceilDiv(unpadded, ALIGNMENT) * ALIGNMENT - unpadded;
    int length = dictionary.length() + padding + 1;
    return ByteBuffer.allocate(unpadded + padding)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC)
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) length)
        .put((dictionary + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII))
        .array();
  }

  /** Parses the dictionary; {@code file} is for the message only. */
  static NpyHeader parse(Path file, String text) throws FileFormatException {
    return new Parser(file, text).header();
  }

  /** Accepts the dictionary that numpy writes, with its keys in any order, and nothing else. */
  private static final class Parser {
    private final Path file;
    private final String text;
    private int at;

    Parser(Path file, String text) {
      this.file = file;
      this.text = text;
    }

    NpyHeader header() throws FileFormatException {
      String descr = null;
      Boolean fortranOrder = null;
      int[] shape = null;
      expect('{');
      while (!accept('}')) {
        String key = string();
        expect(':');
        if (key.equals("descr") && descr == null) {
          descr = string();
        } else if (key.equals("fortran_order") && fortranOrder == null) {
          fortranOrder = bool();
        } else if (key.equals("shape") && shape == null) {
          shape = tuple();
        } else {
          throw refuse("unexpected or repeated key in the npy header");
        }
        if (!accept(',')) {
          expect('}');
          break;
        }
      }
      skipSpace();
      if (at != text.length()) {
        throw refuse("text after the npy header's dictionary");
      }
      if (descr == null || fortranOrder == null || shape == null) {
        throw refuse("the npy header lacks descr, fortran_order or shape");
      }
      return of(descr, fortranOrder, shape);
    }

    private NpyHeader of(String descr, boolean fortranOrder, int[] shape)
        throws FileFormatException {
      Type type = descr.length() == 3 ? Type.named(descr.substring(1)) : null;
      char order = descr.isEmpty() ? ' ' : descr.charAt(0);
      boolean ordered = order == '<' || order == '>';
      if (type == null || !(ordered || (order == '|' && type.bytes() == 1))) {
        throw refuse("npy type " + Quoted.of(descr) + " is not read");
      }
      ByteOrder bytes = order == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      return new NpyHeader(type, bytes, fortranOrder, shape);
    }

    private String string() throws FileFormatException {
      skipSpace();
      char quote = at < text.length() ? text.charAt(at) : ' ';
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
      if (end < 0) {
        throw refuse("the npy header is malformed: a string was expected at byte " + at);
      }
      String value = text.substring(at + 1, end);
      at = end + 1;
      return value;
    }

    private boolean bool() throws FileFormatException {
      skipSpace();
      for (String word : new String[] {"True", "False"}) {
        if (text.startsWith(word, at)) {
          at += word.length();
          return word.equals("True");
        }
      }
      throw refuse("the npy header is malformed: True or False was expected at byte " + at);
    }

    private int[] tuple() throws FileFormatException {
      int[] extents = new int[Extents.MAX_RANK];
      int rank = 0;
      expect('(');
      boolean comma = true;
      while (!accept(')')) {
        if (!comma || rank == extents.length) {
          throw refuse("the npy header's shape is malformed");
        }
        extents[rank++] = extent();
        comma = accept(',');
      }
      if (rank == 1 && !comma) {
        throw refuse("the npy header's shape is no tuple");
      }
      return Arrays.copyOf(extents, rank);
    }

    private int extent() throws FileFormatException {
      skipSpace();
      int start = at;
      long value = 0;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        value = value * 10 + (text.charAt(at++) - '0');
        if (value > Integer.MAX_VALUE) {
          throw refuse("an extent in the npy header's shape is beyond 2^31 - 1");
        }
      }
      if (at == start) {
        throw refuse("the npy header is malformed: an extent was expected at byte " + at);
      }
      return (int) value;
    }

    private boolean accept(char c) {
      skipSpace();
      boolean there = at < text.length() && text.charAt(at) == c;
      at += there ? 1 : 0;
      return there;
    }

    private void expect(char c) throws FileFormatException {
      if (!accept(c)) {
        throw refuse("the npy header is malformed: '" + c + "' was expected at byte " + at);
      }
    }

    private void skipSpace() {
      while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
        at++;
      }
    }

    private FileFormatException refuse(String reason) {
      return new FileFormatException(file, reason);
    }
  }
}
