import { createBreath } from '../../src/activities/breath';

describe('the number of attempts at once', () => {
  it('grows to the most while the worker is prompt', () => {
    const breath = createBreath({ least: 16, most: 200 });
    expect(breath.limit()).toBe(50);
    for (let turn = 0; turn < 20; turn += 1) breath.late(3);
    expect(breath.limit()).toBe(200);
  });

  it('shrinks to the least while it is late, and comes back', () => {
    const breath = createBreath({ least: 16, most: 200 });
    for (let turn = 0; turn < 20; turn += 1) breath.late(300);
    expect(breath.limit()).toBe(16);
    breath.late(3);
    expect(breath.limit()).toBe(26);
  });

  it('stays as it is in between', () => {
    const breath = createBreath({ least: 16, most: 200 });
    breath.late(50);
    expect(breath.limit()).toBe(50);
  });

  it('is never more than the most', () => {
    expect(createBreath({ least: 16, most: 3 }).limit()).toBe(3);
  });
});
