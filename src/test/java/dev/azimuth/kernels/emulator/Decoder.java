package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.Operand.Bank;
import dev.azimuth.kernels.emulator.PtxKernel.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns a parsed kernel into one that runs; an instruction that it doesn't know is an error. */
final class Decoder {
  /** Where local memory begins in its own space; below lies nothing. */
  static final int LOCAL_FIRST_BYTE = 16;

  private final PtxKernel kernel;
  private final Map<String, Long> globals;
  private final SharedLayout shared;
  private final Map<String, Integer> localOffsets = new HashMap<>();
  private final Map<Integer, Integer> wordConstants = new HashMap<>();
  private final Map<Long, Integer> longConstants = new HashMap<>();
  private final Map<SpecialRegister, Integer> specials = new HashMap<>();
  private int localBytes = LOCAL_FIRST_BYTE;
  private int words;
  private int longs;

  private Decoder(PtxKernel kernel, List<Variable> moduleVariables, Map<String, Long> globals) {
    this.kernel = kernel;
    this.globals = globals;
    words = kernel.words();
    longs = kernel.longs();
    List<Variable> sharedVariables = new ArrayList<>();
    for (Variable variable : kernel.variables()) {
      if (variable.space() == Space.SHARED) {
        sharedVariables.add(variable);
      } else {
        localBytes = Math.ceilDiv(localBytes, variable.align()) * variable.align();
        localOffsets.put(variable.name(), localBytes);
        localBytes += variable.bytes();
      }
    }
    for (Variable variable : moduleVariables) {
      if (variable.space() == Space.SHARED && usesShared(variable.name())) {
        sharedVariables.add(variable);
      }
    }
    shared = new SharedLayout(sharedVariables, narrowestSharedAccess());
  }

  /**
   * @param moduleVariables the module's variables outside kernels
   * @param globals the addresses of those in global and constant memory
   */
  static Program decode(
      PtxKernel kernel, List<Variable> moduleVariables, Map<String, Long> globals) {
    return new Decoder(kernel, moduleVariables, globals).program();
  }

  private boolean usesShared(String name) {
    return kernel.instructions().stream()
        .anyMatch(
            instruction -> instruction.operands().stream().anyMatch(use -> mentions(use, name)));
  }

  private static boolean mentions(Operand operand, String name) {
    return switch (operand) {
      case Operand.Symbol symbol -> symbol.name().equals(name);
      case Operand.Address address -> mentions(address.base(), name);
      case Operand.Vector vector ->
          vector.elements().stream().anyMatch(element -> mentions(element, name));
      default -> false;
    };
  }

  private int narrowestSharedAccess() {
    int narrowest = 4;
    for (PtxInstruction instruction : kernel.instructions()) {
      switch (instruction.opcode()) {
        case "ld", "st", "atom", "red" -> {
          // A generic address may be shared.
          if (!instruction.has("global")
              && !instruction.has("param")
              && !instruction.has("local")
              && !instruction.has("const")) {
            narrowest = Math.min(narrowest, instruction.type().bytes());
          }
        }
        default -> {}
      }
    }
    return narrowest;
  }

  private Program program() {
    List<PtxInstruction> instructions = kernel.instructions();
    int n = instructions.size();
    Program.Control[] controls = new Program.Control[n];
    Step[] steps = new Step[n];
    int[] guards = new int[n];
    boolean[] negated = new boolean[n];
    int[][] targets = new int[n][];
    int[] selectors = new int[n];
    List<int[]> successors = new ArrayList<>();
    for (int pc = 0; pc < n; pc++) {
      PtxInstruction instruction = instructions.get(pc);
      controls[pc] = control(instruction);
      guards[pc] = instruction.guard() == null ? -1 : instruction.guard().index();
      negated[pc] = instruction.negated();
      targets[pc] = targets(instruction, controls[pc]);
      selectors[pc] = controls[pc] == Program.Control.BRANCH_TABLE ? word(instruction, 0) : -1;
      if (controls[pc] == Program.Control.NONE) {
        steps[pc] = step(instruction);
      }
      successors.add(successors(pc, n, controls[pc], guards[pc] >= 0, targets[pc]));
    }
    Map<Integer, Integer> wordValues = new HashMap<>();
    wordConstants.forEach((value, register) -> wordValues.put(register, value));
    Map<Integer, Long> longValues = new HashMap<>();
    longConstants.forEach((value, register) -> longValues.put(register, value));
    Map<Integer, SpecialRegister> specialRegisters = new HashMap<>();
    specials.forEach((special, register) -> specialRegisters.put(register, special));
    return new Program(
        kernel,
        controls,
        steps,
        guards,
        negated,
        targets,
        selectors,
        ControlFlow.postDominators(successors),
        words,
        longs,
        wordValues,
        longValues,
        specialRegisters,
        shared,
        localBytes);
  }

  private static Program.Control control(PtxInstruction instruction) {
    return switch (instruction.opcode()) {
      case "bra" -> Program.Control.BRANCH;
      case "brx" -> Program.Control.BRANCH_TABLE;
      case "ret", "exit" -> Program.Control.EXIT;
      case "bar", "barrier" ->
          WarpDecoder.isBlockBarrier(instruction) ? Program.Control.BARRIER : Program.Control.NONE;
      default -> Program.Control.NONE;
    };
  }

  private int[] targets(PtxInstruction instruction, Program.Control control) {
    return switch (control) {
      case BRANCH -> new int[] {label(instruction, symbol(instruction, 0))};
      case BRANCH_TABLE -> {
        List<String> table = kernel.branchTables().get(symbol(instruction, 1));
        if (table == null) {
          throw instruction.unsupported("no .branchtargets of this name");
        }
        yield table.stream().mapToInt(name -> label(instruction, name)).toArray();
      }
      case NONE, EXIT, BARRIER -> new int[0];
    };
  }

  private int label(PtxInstruction instruction, String name) {
    Integer target = kernel.labels().get(name);
    if (target == null) {
      throw instruction.unsupported("no label " + name);
    }
    return target;
  }

  private static String symbol(PtxInstruction instruction, int index) {
    if (instruction.operand(index) instanceof Operand.Symbol(String name)) {
      return name;
    }
    throw instruction.unsupported("operand " + index + " is no name");
  }

  private static int[] successors(
      int pc, int end, Program.Control control, boolean guarded, int[] targets) {
    return switch (control) {
      case NONE, BARRIER -> new int[] {pc + 1};
      case EXIT -> guarded ? new int[] {end, pc + 1} : new int[] {end};
      case BRANCH, BRANCH_TABLE -> {
        int[] all = new int[targets.length + (guarded ? 1 : 0)];
        System.arraycopy(targets, 0, all, 0, targets.length);
        if (guarded) {
          all[targets.length] = pc + 1;
        }
        yield all;
      }
    };
  }

  private Step step(PtxInstruction instruction) {
    return switch (instruction.opcode()) {
      case "mov", "cvta", "selp", "setp" -> new MoveDecoder(this, instruction).step();
      case "cvt" -> new ConversionDecoder(this, instruction).step();
      case "ld", "ldu", "st", "atom", "red", "cp", "ldmatrix" ->
          new MemoryDecoder(this, instruction).step();
      case "mma" -> new TensorDecoder(this, instruction).step();
      case "shfl", "vote", "activemask", "redux", "bar", "barrier", "membar", "fence" ->
          new WarpDecoder(this, instruction).step();
      default -> arithmetic(instruction);
    };
  }

  private Step arithmetic(PtxInstruction instruction) {
    List<PtxType> types = instruction.types();
    if (types.isEmpty()) {
      throw instruction.unsupported("unknown opcode");
    }
    return switch (types.getLast()) {
      case F32, F64 -> new FloatDecoder(this, instruction).step();
      default -> new IntegerDecoder(this, instruction).step();
    };
  }

  // Operands as register numbers; literals, addresses and special registers become constants.

  /** An operand as a word register. */
  int word(PtxInstruction instruction, int index) {
    return word(instruction, instruction.operand(index));
  }

  int word(PtxInstruction instruction, Operand operand) {
    return switch (operand) {
      case Operand.Register(Bank bank, int register, PtxType _) when bank == Bank.WORD -> register;
      case Operand.Literal(long bits) -> wordConstant((int) bits);
      case Operand.Special(SpecialRegister special) ->
          specials.computeIfAbsent(special, _ -> words++);
      case Operand.Symbol(String name) -> wordConstant((int) address(instruction, name));
      default -> throw instruction.unsupported(operand + " is no 32-bit operand");
    };
  }

  int wordConstant(int value) {
    return wordConstants.computeIfAbsent(value, _ -> words++);
  }

  /** An operand as a long register. */
  int longWord(PtxInstruction instruction, int index) {
    return longWord(instruction, instruction.operand(index));
  }

  int longWord(PtxInstruction instruction, Operand operand) {
    return switch (operand) {
      case Operand.Register(Bank bank, int register, PtxType _) when bank == Bank.LONG -> register;
      case Operand.Literal(long bits) -> longConstant(bits);
      case Operand.Symbol(String name) -> longConstant(address(instruction, name));
      default -> throw instruction.unsupported(operand + " is no 64-bit operand");
    };
  }

  int longConstant(long value) {
    return longConstants.computeIfAbsent(value, _ -> longs++);
  }

  /** A new word register, for a step's own use. */
  int newWord() {
    return words++;
  }

  /** An operand as a predicate's number; negated ones are refused. */
  int predicate(PtxInstruction instruction, Operand operand) {
    if (operand instanceof Operand.Register(Bank bank, int register, PtxType _)
        && bank == Bank.PREDICATE) {
      return register;
    }
    throw instruction.unsupported(operand + " is no predicate");
  }

  static boolean isLong(Operand operand) {
    return operand instanceof Operand.Register(Bank bank, int _, PtxType _) && bank == Bank.LONG;
  }

  /** The address of a variable in its own space. */
  long address(PtxInstruction instruction, String name) {
    Integer local = localOffsets.get(name);
    if (local != null) {
      return local;
    }
    Long global = globals.get(name);
    if (global != null) {
      return global;
    }
    Integer offset = shared.offsetOrNull(name);
    if (offset == null) {
      throw instruction.unsupported("no variable " + name);
    }
    return offset;
  }

  /** The place of a parameter in the parameter space, or -1. */
  int param(String name) {
    for (PtxKernel.Param param : kernel.params()) {
      if (param.name().equals(name)) {
        return param.offset();
      }
    }
    return -1;
  }
}
