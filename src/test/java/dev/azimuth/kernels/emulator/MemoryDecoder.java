package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.Operand.Bank;
import java.util.List;

/** Loads, stores, atomics and asynchronous copies. */
final class MemoryDecoder {
  private final Decoder decoder;
  private final PtxInstruction instruction;
  private final Space space;

  MemoryDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
    space = space();
  }

  private Space space() {
    for (String word : instruction.words()) {
      switch (word) {
        case "global" -> {
          return Space.GLOBAL;
        }
        case "shared", "shared::cta" -> {
          return Space.SHARED;
        }
        case "local" -> {
          return Space.LOCAL;
        }
        case "param" -> {
          return Space.PARAM;
        }
        case "const" -> {
          return Space.CONST;
        }
        default -> {}
      }
    }
    return Space.GENERIC;
  }

  Step step() {
    return switch (instruction.opcode()) {
      case "ld", "ldu" -> {
        allowAccess();
        yield space == Space.PARAM ? loadParam() : load();
      }
      case "st" -> {
        allowAccess();
        yield store();
      }
      case "atom", "red" -> new AtomicDecoder(decoder, instruction, space).step();
      case "cp" -> asyncCopy();
      case "ldmatrix" -> loadMatrix();
      default -> throw instruction.unsupported("unknown opcode");
    };
  }

  /** Caches and scopes change nothing here: blocks run one after another, warps take turns. */
  private void allowAccess() {
    for (String word : instruction.words().subList(1, instruction.words().size())) {
      boolean known =
          PtxType.named(word) != null
              || (word.startsWith("L1::") || word.startsWith("L2::"))
              || List.of("global", "shared", "shared::cta", "local", "param", "const", "v2", "v4")
                  .contains(word)
              || List.of("nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "volatile", "weak")
                  .contains(word)
              || List.of("relaxed", "acquire", "release", "cta", "gpu", "sys").contains(word);
      if (!known || word.equals("L2::cache_hint")) {
        throw instruction.unsupported("modifier " + word);
      }
    }
  }

  /** An address: a base in words or longs, or none, and an offset. */
  private record Base(boolean wide, int register, long offset) {
    /** Puts the address of each lane where the step finds it. */
    void gather(Warp warp) {
      long[] addresses = warp.addresses;
      if (wide) {
        long[] bases = warp.longs[register];
        for (int i = 0; i < Warp.LANES; i++) {
          addresses[i] = bases[i] + offset;
        }
      } else {
        int[] bases = warp.words[register];
        for (int i = 0; i < Warp.LANES; i++) {
          addresses[i] = (bases[i] & 0xFFFFFFFFL) + offset;
        }
      }
    }
  }

  private Base base(int index) {
    if (!(instruction.operand(index) instanceof Operand.Address(Operand base, long offset))) {
      throw instruction.unsupported("operand " + index + " is no address");
    }
    return Decoder.isLong(base) || base instanceof Operand.Symbol || base instanceof Operand.Literal
        ? new Base(true, decoder.longWord(instruction, base), offset)
        : new Base(false, decoder.word(instruction, base), offset);
  }

  /** The registers of a vector or a single operand. */
  private Operand.Register[] registers(Operand operand) {
    List<Operand> elements =
        operand instanceof Operand.Vector(List<Operand> several) ? several : List.of(operand);
    PtxType type = instruction.type();
    Operand.Register[] registers = new Operand.Register[elements.size()];
    for (int i = 0; i < registers.length; i++) {
      Operand element = elements.get(i);
      registers[i] =
          switch (element) {
            case Operand.Register register when register.bank() != Bank.PREDICATE -> register;
            case Operand.Sink() -> new Operand.Register(Bank.WORD, decoder.newWord(), PtxType.B32);
            case Operand.Literal literal ->
                type.wide()
                    ? new Operand.Register(Bank.LONG, decoder.longWord(instruction, literal), type)
                    : new Operand.Register(Bank.WORD, decoder.word(instruction, literal), type);
            default -> throw instruction.unsupported(element + " is neither register nor number");
          };
    }
    return registers;
  }

  private static void put(Warp warp, Operand.Register to, PtxType type, int lane, long bits) {
    if (to.bank() == Bank.LONG) {
      warp.longs[to.index()][lane] = extend(type, bits);
    } else {
      int value = (int) extend(type, bits);
      warp.words[to.index()][lane] = to.type().bytes() == 2 ? value & 0xFFFF : value;
    }
  }

  private static long extend(PtxType type, long bits) {
    return switch (type) {
      case S8 -> (byte) bits;
      case S16 -> (short) bits;
      case S32 -> (int) bits;
      default -> bits;
    };
  }

  private static long get(Warp warp, Operand.Register from, int lane) {
    return from.bank() == Bank.LONG
        ? warp.longs[from.index()][lane]
        : warp.words[from.index()][lane];
  }

  private Step loadParam() {
    PtxType type = instruction.type();
    Operand.Register[] to = registers(instruction.operand(0));
    if (!(instruction.operand(1) instanceof Operand.Address(Operand base, long offset))
        || !(base instanceof Operand.Symbol(String name))) {
      throw instruction.unsupported("a parameter is addressed by its name");
    }
    int start = decoder.param(name);
    if (start < 0) {
      throw instruction.unsupported("no parameter " + name);
    }
    int at = start + (int) offset;
    return (warp, mask) -> {
      for (int k = 0; k < to.length; k++) {
        long bits = 0;
        for (int b = type.bytes() - 1; b >= 0; b--) {
          bits = bits << 8 | (warp.block.params[at + k * type.bytes() + b] & 0xFF);
        }
        for (int m = mask; m != 0; m &= m - 1) {
          put(warp, to[k], type, Integer.numberOfTrailingZeros(m), bits);
        }
      }
    };
  }

  private Step load() {
    PtxType type = instruction.type();
    int size = type.bytes();
    Operand.Register[] to = registers(instruction.operand(0));
    int bytes = size * to.length;
    Base base = base(1);
    return (warp, mask) -> {
      base.gather(warp);
      MemoryPort port = warp.port;
      port.count(space, mask, bytes);
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        Region region = port.locate(space, lane, warp.addresses[lane], bytes);
        if (region == null) {
          for (Operand.Register register : to) {
            put(warp, register, type, lane, 0);
          }
        } else {
          port.read(region, lane, bytes);
          int offset = port.offset();
          for (int k = 0; k < to.length; k++) {
            put(warp, to[k], type, lane, region.get(offset + k * size, size));
          }
        }
      }
    };
  }

  private Step store() {
    int size = instruction.type().bytes();
    Operand.Register[] from = registers(instruction.operand(1));
    int bytes = size * from.length;
    Base base = base(0);
    if (space == Space.PARAM || space == Space.CONST) {
      throw instruction.unsupported("parameters and constants aren't written");
    }
    return (warp, mask) -> {
      base.gather(warp);
      MemoryPort port = warp.port;
      port.count(space, mask, bytes);
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        Region region = port.locate(space, lane, warp.addresses[lane], bytes);
        if (region != null) {
          port.write(region, lane, bytes, false);
          int offset = port.offset();
          for (int k = 0; k < from.length; k++) {
            region.put(offset + k * size, size, get(warp, from[k], lane));
          }
        }
      }
    };
  }

  private Step asyncCopy() {
    List<String> words = instruction.words();
    if (words.size() < 3 || !words.get(1).equals("async")) {
      throw instruction.unsupported("only cp.async");
    }
    switch (words.get(2)) {
      case "commit_group" -> {
        return (warp, mask) -> warp.copies.commit(mask);
      }
      case "wait_group" -> {
        if (!(instruction.operand(0) instanceof Operand.Literal(long remaining))) {
          throw instruction.unsupported("the number of groups is a literal");
        }
        return (warp, mask) -> warp.copies.awaitGroups(mask, (int) remaining);
      }
      case "wait_all" -> {
        return (warp, mask) -> warp.copies.awaitAll(mask);
      }
      case "ca", "cg" -> {
        instruction.allow(
            "async",
            "ca",
            "cg",
            "shared",
            "shared::cta",
            "global",
            "L2::64B",
            "L2::128B",
            "L2::256B");
        return beginCopy();
      }
      default -> throw instruction.unsupported("unknown kind of copy");
    }
  }

  /** {@code cp.async [to], [from], bytes{, sourceBytes}}; the rest is filled with zeros. */
  private Step beginCopy() {
    Base to = base(0);
    Base from = base(1);
    if (!(instruction.operand(2) instanceof Operand.Literal(long literal))
        || (literal != 4 && literal != 8 && literal != 16)
        || (instruction.has("cg") && literal != 16)) {
      throw instruction.unsupported("it copies 4, 8 or 16 bytes, .cg 16");
    }
    int bytes = (int) literal;
    int sourceBytes =
        instruction.operands().size() > 3
            ? decoder.word(instruction, 3)
            : decoder.wordConstant(bytes);
    return (warp, mask) -> {
      from.gather(warp);
      MemoryPort port = warp.port;
      int reading = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        reading |= warp.words[sourceBytes][lane] == 0 ? 0 : 1 << lane;
      }
      if (reading != 0) {
        port.count(Space.GLOBAL, reading, bytes);
      }
      byte[][] values = new byte[Warp.LANES][];
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        values[lane] = source(warp, lane, bytes, warp.words[sourceBytes][lane]);
      }
      to.gather(warp);
      port.count(Space.SHARED, mask, bytes);
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        if (port.locate(Space.SHARED, lane, warp.addresses[lane], bytes) != null) {
          port.beginCopy(lane, bytes);
          long low = (long) Region.LONG.get(values[lane], 0);
          long high = (long) Region.LONG.get(values[lane], 8);
          warp.copies.add(lane, port.offset(), bytes, low, high);
        }
      }
    };
  }

  /** The bytes that a lane copies, in 16 of which the rest is zero. */
  private byte[] source(Warp warp, int lane, int bytes, int sourceBytes) {
    byte[] value = new byte[16];
    if (sourceBytes < 0 || sourceBytes > bytes) {
      throw instruction.unsupported("a source of " + sourceBytes + " bytes");
    }
    long address = warp.addresses[lane];
    if (sourceBytes == bytes) {
      Region region = warp.port.locate(Space.GLOBAL, lane, address, bytes);
      if (region != null) {
        warp.port.read(region, lane, bytes);
        System.arraycopy(region.data, warp.port.offset(), value, 0, bytes);
      }
      return value;
    }
    for (int i = 0; i < sourceBytes; i++) {
      Region region = warp.port.locate(Space.GLOBAL, lane, address + i, 1);
      if (region != null) {
        warp.port.read(region, lane, 1);
        value[i] = region.data[warp.port.offset()];
      }
    }
    return value;
  }

  /**
   * {@code ldmatrix}: matrices of 8 rows of 8 halves; lanes 8k to 8k+7 give the addresses of the
   * rows of matrix k, and lane l gets the halves 2(l mod 4) and the next of row l / 4.
   */
  private Step loadMatrix() {
    instruction.allow(
        "sync", "aligned", "m8n8", "x1", "x2", "x4", "trans", "shared", "shared::cta");
    int matrices = instruction.has("x4") ? 4 : instruction.has("x2") ? 2 : 1;
    boolean transposed = instruction.has("trans");
    Operand.Register[] to = registers(instruction.operand(0));
    if (to.length != matrices || instruction.type() != PtxType.B16 || space == Space.GENERIC) {
      throw instruction.unsupported("not a register per matrix of shared b16");
    }
    Base base = base(1);
    return (warp, mask) -> {
      TensorDecoder.requireWholeWarp(warp, mask);
      base.gather(warp);
      MemoryPort port = warp.port;
      int[] halves = new int[64];
      for (int matrix = 0; matrix < matrices; matrix++) {
        port.countConflicts(mask & (0xFF << (8 * matrix)), 16);
        for (int row = 0; row < 8; row++) {
          int lane = 8 * matrix + row;
          Region region = port.locate(Space.SHARED, lane, warp.addresses[lane], 16);
          if (region != null) {
            port.read(region, lane, 16);
          }
          for (int column = 0; column < 8; column++) {
            halves[8 * row + column] =
                region == null ? 0 : (int) region.get(port.offset() + 2 * column, 2);
          }
        }
        int[] register = warp.words[to[matrix].index()];
        for (int m = mask; m != 0; m &= m - 1) {
          int lane = Integer.numberOfTrailingZeros(m);
          int major = lane >> 2;
          int minor = 2 * (lane & 3);
          int low = transposed ? halves[8 * minor + major] : halves[8 * major + minor];
          int high = transposed ? halves[8 * (minor + 1) + major] : halves[8 * major + minor + 1];
          register[lane] = low | high << 16;
        }
      }
    };
  }
}
