package dev.azimuth.kernels.emulator;

/** {@code atom} and {@code red}: lanes take their turns in order. */
final class AtomicDecoder {
  private final Decoder decoder;
  private final PtxInstruction instruction;
  private final Space space;
  private final PtxType type;

  AtomicDecoder(Decoder decoder, PtxInstruction instruction, Space space) {
    this.decoder = decoder;
    this.instruction = instruction;
    this.space = space;
    type = instruction.type();
    instruction.allow(
        "global",
        "shared",
        "shared::cta",
        "relaxed",
        "acquire",
        "release",
        "acq_rel",
        "cta",
        "gpu",
        "sys",
        "add",
        "min",
        "max",
        "exch",
        "cas",
        "and",
        "or",
        "xor",
        "inc",
        "dec");
  }

  /** What the memory holds and up to two operands, to what it holds then. */
  private interface Update {
    long apply(long old, long b, long c);
  }

  Step step() {
    if (space == Space.LOCAL || space == Space.PARAM || space == Space.CONST || type.bytes() < 4) {
      throw instruction.unsupported("only 32 and 64 bits in global or shared memory");
    }
    boolean returns = instruction.opcode().equals("atom");
    int first = returns ? 1 : 0;
    if (!(instruction.operand(first) instanceof Operand.Address(Operand base, long offset))) {
      throw instruction.unsupported("no address");
    }
    boolean wideBase = Decoder.isLong(base) || base instanceof Operand.Symbol;
    int address = wideBase ? decoder.longWord(instruction, base) : decoder.word(instruction, base);
    Operand destination = returns ? instruction.operand(0) : new Operand.Sink();
    int d = destination instanceof Operand.Sink ? -1 : value(destination);
    int b = value(instruction.operand(first + 1));
    int c = instruction.has("cas") ? value(instruction.operand(first + 2)) : b;
    Update update = update();
    int bytes = type.bytes();
    return (warp, mask) -> {
      MemoryPort port = warp.port;
      for (int i = 0; i < Warp.LANES; i++) {
        warp.addresses[i] =
            (wideBase ? warp.longs[address][i] : warp.words[address][i] & 0xFFFFFFFFL) + offset;
      }
      port.count(space, mask, bytes);
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        Region region = port.locate(space, lane, warp.addresses[lane], bytes);
        if (region != null) {
          if (!region.written(port.offset(), bytes)) {
            warp.report(
                Finding.Kind.UNINITIALISED, lane, "updates " + region.name + " that nobody wrote");
          }
          long old = region.get(port.offset(), bytes);
          port.write(region, lane, bytes, true);
          region.put(
              port.offset(), bytes, update.apply(old, get(warp, b, lane), get(warp, c, lane)));
          if (d >= 0) {
            put(warp, d, lane, old);
          }
        }
      }
    };
  }

  private int value(Operand operand) {
    return type.wide()
        ? decoder.longWord(instruction, operand)
        : decoder.word(instruction, operand);
  }

  private long get(Warp warp, int register, int lane) {
    return type.wide() ? warp.longs[register][lane] : warp.words[register][lane] & 0xFFFFFFFFL;
  }

  private void put(Warp warp, int register, int lane, long bits) {
    if (type.wide()) {
      warp.longs[register][lane] = bits;
    } else {
      warp.words[register][lane] = (int) bits;
    }
  }

  private Update update() {
    if (instruction.has("exch")) {
      return (old, b, c) -> b;
    }
    if (instruction.has("cas")) {
      return (old, b, c) -> old == b ? c : old;
    }
    if (instruction.has("and")) {
      return (old, b, c) -> old & b;
    }
    if (instruction.has("or")) {
      return (old, b, c) -> old | b;
    }
    if (instruction.has("xor")) {
      return (old, b, c) -> old ^ b;
    }
    if (instruction.has("add")) {
      return add();
    }
    if (instruction.has("min")) {
      return extremum(true);
    }
    if (instruction.has("max")) {
      return extremum(false);
    }
    if (type != PtxType.U32) {
      throw instruction.unsupported("inc and dec are of u32");
    }
    return instruction.has("inc")
        ? (old, b, c) -> old >= b ? 0 : old + 1
        : (old, b, c) -> old == 0 || old > b ? b : old - 1;
  }

  private Update add() {
    return switch (type) {
      case F32 ->
          (old, b, c) ->
              Float.floatToRawIntBits(
                  Float.intBitsToFloat((int) old) + Float.intBitsToFloat((int) b));
      case F64 ->
          (old, b, c) ->
              Double.doubleToRawLongBits(Double.longBitsToDouble(old) + Double.longBitsToDouble(b));
      case U32, S32, U64, S64 -> (old, b, c) -> old + b;
      default -> throw instruction.unsupported("addition of " + type);
    };
  }

  private Update extremum(boolean smallest) {
    return switch (type) {
      case U32, U64 -> (old, b, c) -> (Long.compareUnsigned(old, b) < 0) == smallest ? old : b;
      case S32 -> (old, b, c) -> ((int) old < (int) b) == smallest ? old : b;
      case S64 -> (old, b, c) -> (old < b) == smallest ? old : b;
      default -> throw instruction.unsupported("minimum or maximum of " + type);
    };
  }
}
