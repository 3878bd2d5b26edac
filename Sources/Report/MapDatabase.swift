import DumpFormats
public import Machine
import Paging
import PhysicalMemory

/// Writes the maps of all address spaces as an SQLite database, for those who want to query.
///
/// Numbers are SQLite's signed 64-bit integers, so addresses of the upper half are negative; hexadecimal
/// literals are read the same way, and `WHERE va = 0xffff800000000000` finds what it says. The views show them
/// as text. The edition of the tables is in `PRAGMA user_version`.
public struct MapDatabase {
  /// The edition of the tables.
  static let edition = 2

  private static let schema = """
    PRAGMA application_id = 0x4d4d5542;
    PRAGMA user_version = \(edition);
    CREATE TABLE machine (      -- what the program said of the machine
      subject TEXT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL);
    CREATE TABLE space (        -- the address spaces
      id INTEGER PRIMARY KEY,
      root INTEGER NOT NULL,    -- physical address of the top table
      pid INTEGER, process TEXT,
      found_by TEXT NOT NULL);
    CREATE TABLE mapping (      -- maximal runs of equal rights and contiguous frames
      space INTEGER NOT NULL REFERENCES space (id),
      -- Numbers have 64 bits and a sign: those of the upper half are negative. va = 0xffff800000000000 finds
      -- one all the same; ORDER BY va < 0, va is the order of addresses. The view map has them as text.
      va INTEGER NOT NULL, last_va INTEGER NOT NULL,
      pa INTEGER NOT NULL, last_pa INTEGER NOT NULL,
      page_size INTEGER NOT NULL, pages INTEGER NOT NULL,
      "write" INTEGER NOT NULL, "user" INTEGER NOT NULL, "execute" INTEGER NOT NULL,
      memory_type TEXT          -- by PAT or MAIR; NULL where it is not known, or not one for all pages
      );
    CREATE TABLE copies (       -- addresses that translate as those `stride` before them do, `count` times
      space INTEGER NOT NULL REFERENCES space (id),
      va INTEGER NOT NULL, last_va INTEGER NOT NULL,
      stride INTEGER NOT NULL, count INTEGER NOT NULL);
    """

  private static let indexes = """
    CREATE INDEX mapping_va ON mapping (space, va);
    CREATE INDEX mapping_pa ON mapping (pa);
    CREATE VIEW map AS SELECT printf('0x%016x', s.root) AS root, s.pid, s.process,
      printf('0x%016x', m.va) AS va, printf('0x%016x', m.last_va) AS last_va,
      printf('0x%016x', m.pa) AS pa, m.page_size, m.pages, m."write", m."user", m."execute",
      m.memory_type
      FROM mapping m JOIN space s ON s.id = m.space;
    """

  /// How many rows go into one transaction.
  private static let rowsPerTransaction = 1 << 16

  /// Writes the maps of a machine.
  ///
  /// - Parameters:
  ///   - query: what is mapped out.
  ///   - machine: the machine.
  ///   - path: the file, which appears whole or not at all.
  ///   - force: whether an existing file is replaced.
  /// - Throws: `DumpError` where the file cannot be created, `DatabaseError` where it cannot be written.
  public static func write(
    _ query: MapQuery, of machine: Machine, to path: String, force: Bool
  ) throws {
    let file = try OutputFile(path, force: force) { hidden in
      let database = try SQLiteDatabase(hidden, name: path)
      try database.run(schema)
      try database.run("BEGIN")
      try writeFacts(of: machine, to: database)
      try MapRows(database, rowsPerTransaction).write(query, of: machine)
      try database.run("COMMIT")
      try database.run(indexes)
      try database.close()
    }
    try file.commit()
  }

  private static func writeFacts(
    of machine: Machine, to database: SQLiteDatabase
  ) throws(DatabaseError) {
    let fact = try SQLiteDatabase.Statement("INSERT INTO machine VALUES (?, ?, ?)", of: database)
    try fact.run([.text("format"), .text(machine.format), .text("the file")])
    if !machine.provenance.contains(where: { $0.subject == "mode" }) {
      try fact.run([.text("mode"), .text(machine.paging.mode.rawValue), .text(machine.format)])
    }
    for known in machine.provenance {
      try fact.run([.text(known.subject), .text(known.value), .text(known.source)])
    }
  }
}

/// Puts pieces of maps into the tables of a database.
private final class MapRows {
  private let database: SQLiteDatabase
  private let mapping: SQLiteDatabase.Statement
  private let copies: SQLiteDatabase.Statement
  private let space: SQLiteDatabase.Statement
  private let rowsPerTransaction: Int
  private var rows = 0
  private var failure: DatabaseError?

  init(_ database: SQLiteDatabase, _ rowsPerTransaction: Int) throws(DatabaseError) {
    self.database = database
    self.rowsPerTransaction = rowsPerTransaction
    mapping = try .init("INSERT INTO mapping VALUES (?,?,?,?,?,?,?,?,?,?,?)", of: database)
    copies = try .init("INSERT INTO copies VALUES (?,?,?,?,?)", of: database)
    space = try .init("INSERT INTO space VALUES (?,?,?,?,?)", of: database)
  }

  func write(_ query: MapQuery, of machine: Machine) throws(DatabaseError) {
    for (number, space) in machine.addressSpaces.enumerated() {
      let id = UInt64(number + 1)
      let paging = machine.paging(of: space)
      try self.space.run([
        .number(id), .number(paging.root.rawValue), space.pid.map { .number($0) } ?? .null,
        space.process.map { .text($0) } ?? .null, .text(space.foundBy),
      ])
      let typed = TypedPieces(paging, machine.memory) { piece, type in
        do throws(DatabaseError) { try self.add(piece, type, to: id) } catch {
          self.failure = error
        }
        return self.failure == nil
      }
      query.run(machine, paging, typed.add)
      typed.flush()
      if let failure { throw failure }
    }
  }

  private func add(
    _ piece: MapPiece, _ type: MemoryType?, to space: UInt64
  ) throws(DatabaseError) {
    rows += 1
    if rows % rowsPerTransaction == 0 { try database.run("COMMIT; BEGIN") }
    switch piece {
    case .run(let run):
      let count = run.end.rawValue &- run.start.rawValue
      func has(_ right: Rights) -> SQLiteDatabase.Value {
        .number(run.rights.contains(right) ? 1 : 0)
      }
      try mapping.run([
        .number(space), .number(run.start.rawValue), .number(run.end.rawValue),
        .number(run.address.rawValue), .number(run.address.rawValue &+ count),
        .number(run.pageSize), .number(run.pageCount), has(.write), has(.user), has(.execute),
        type.map { .text($0.rawValue) } ?? .null,
      ])
    case .copies(let start, let end, let stride, let count):
      try copies.run([
        .number(space), .number(start.rawValue), .number(end.rawValue), .number(stride),
        .number(count),
      ])
    }
  }
}
