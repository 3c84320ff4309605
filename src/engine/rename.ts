import type { Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { parseName } from '../containers/names.ts';
import type { ContainerId } from '../containers/record.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';

/** Errors: `not-found`, `invalid` (name), `conflict` (taken). */
export async function renameContainer(_ctx: Ctx, engine: Engine, ref: string, text: string): Promise<void> {
  if (text === '') throw new EngineError('invalid', 'Neither old nor new names may be empty');
  const { id } = engine.containers.resolve(ref);
  await engine.locks.run(id, async () => {
    const { name: oldName } = engine.containers.resolve(id);
    const name = parseName(text);
    if (name === oldName) {
      throw new EngineError('invalid', 'Renaming a container with the same name as its current name');
    }
    hold(engine, name, id);
    try {
      await engine.containers.update(id, (record) => ({ ...record, name }));
    } catch (error) {
      engine.containers.freeName(name, id);
      throw error;
    }
    engine.containers.freeName(oldName, id);
    publishContainer(engine, engine.containers.resolve(id), 'rename', { oldName: `/${oldName}` });
  });
}

function hold(engine: Engine, name: string, id: ContainerId): void {
  try {
    engine.containers.holdName(name, id);
  } catch (error) {
    if (!isEngineError(error, 'conflict')) throw error;
    throw new EngineError('conflict', `Error when allocating new name: ${error.message}`, { cause: error });
  }
}
