/** A simulated disk fails as it is told to: for as long as that lasts, or one operation after the other. */
import { expect, test } from 'vitest';
import { Disk, type DiskFault } from '../../src/os/sim/disk.ts';

function diskWith(path: string): Disk {
  const disk = new Disk();
  disk.write(path, 'text');
  return disk;
}

test.each(['EBOGUS', 5, null])('it cannot fail with %o', (fault) => {
  const disk = new Disk();
  expect(() => {
    disk.fault = fault as unknown as DiskFault;
  }).toThrow(/^disk\.fault: expected one of 'EIO', 'EROFS', 'EACCES', 'ENOSPC', got /);
  expect(disk.fault).toBe(undefined);
});

test('a failure is of one operation', () => {
  const disk = diskWith('/a');
  disk.failures.push('EIO', 'ENOSPC');
  expect(() => disk.read('/a')).toThrow('EIO');
  expect(() => disk.write('/a', 'other')).toThrow('ENOSPC');
  disk.write('/a', 'third');
  expect(disk.read('/a')).toBe('third');
});

test('and waits for one that it is in the way of', () => {
  const disk = diskWith('/a');
  disk.failures.push('ENOSPC', 'EROFS', 'ENOSPC');
  expect(disk.read('/a')).toBe('text');
  expect(disk.list('')).toEqual(['a']);
  expect(() => disk.makeDirectory('/b')).toThrow('EROFS');
  disk.remove('/a'); // takes no room
  disk.makeDirectory('/b');
  for (const name of ['/c', '/d']) expect(() => disk.write(name, 'text')).toThrow('ENOSPC');
  disk.write('/c', 'text');
  expect(disk.failures).toEqual([]);
});

test('while the disk fails for good, what it fails with once is left for later', () => {
  const disk = diskWith('/a');
  disk.fault = 'EROFS';
  disk.failures.push('EIO');
  expect(() => disk.write('/a', 'other')).toThrow('EROFS');
  disk.fault = undefined;
  expect(() => disk.append('/a', 'other')).toThrow('EIO');
  disk.append('/a', 's');
  expect(disk.read('/a')).toBe('texts');
});
